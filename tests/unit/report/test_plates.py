"""A screen as pictures: every well in its place, every undefined number with its reason."""

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.evaluation.screen.screen import Screen, evaluate_screen
from zoo_core.evaluation.screen.wells import ScoreColumn
from zoo_core.report.drawing import SIDE
from zoo_core.report.plates import (
    MOST_PLATES,
    NOT_TESTED,
    dose_panels,
    dose_rows,
    plates_of,
    separation_rows,
    trait_plates,
)

COLUMNS = (ScoreColumn("model", "score.response"), ScoreColumn("position", "baseline.position.response", True))
ROWS, N_COLUMNS = ("A", "Z", "AA"), 5
DOSES = (0.1, 0.3, 1.0, 3.0, 10.0)


def fields(plate: str, seed: int = 0) -> pd.DataFrame:
    """Rows of a large plate, AA among them, with columns 2 to 6: controls, a drug by its dose, and untold wells."""
    random = np.random.default_rng(seed)
    wells = pd.DataFrame(
        [(row, column) for row in ROWS for column in range(2, 2 + N_COLUMNS)], columns=["row", "column"]
    )
    is_drug = (wells["row"] == "Z").to_numpy()
    dose = np.where(is_drug, np.tile(DOSES, len(ROWS)), np.nan)
    role = np.where(
        wells["row"] == "A", "negative", np.where(is_drug, None, np.where(wells["column"] < 5, "positive", None))
    )
    effect = np.where(role == "positive", 1.0, np.nan_to_num(dose / (1 + dose)))
    name = wells["row"] + wells["column"].map("{:02}".format)
    return pd.DataFrame(
        {
            "example_id": plate + "/" + name,
            "group_id": name,
            "split": "test",
            "status": "ok",
            "meta.plate": plate,
            "meta.well": name,
            "meta.well_id": plate + "/" + name,
            "meta.row": wells["row"],
            "meta.column": wells["column"],
            "meta.control_role": pd.array(role, dtype=object),
            "meta.treatment": pd.array(np.where(is_drug, "drug", None), dtype=object),
            "meta.concentration": dose,
            "meta.concentration_unit": pd.array(np.where(is_drug, "uM", None), dtype=object),
            "score.response": 8 * effect - 4 + 0.2 * random.normal(size=len(wells)),
            "baseline.position.response": random.uniform(0.3, 0.7, len(wells)),
        }
    )


@pytest.fixture(scope="module")
def screen() -> Screen:
    return evaluate_screen(pd.concat([fields("P"), fields("Q", 1)]), COLUMNS, n_replicates=60)


def wells_of(screen: Screen, plate: str, **other: Any) -> pd.DataFrame:
    own = screen.wells[screen.wells["meta.plate"] == plate].set_index("meta.well", drop=False)
    return own.assign(**other)


def test_every_well_stands_in_its_row_and_column(screen: Screen) -> None:
    plates = plates_of(screen.record, screen.wells)
    assert [plate.name for plate in plates] == ["P", "Q"]
    first = plates[0]
    assert (first.rows, list(first.columns)) == (["A", "Z", "AA"], [2, 3, 4, 5, 6])
    places = {(well.row, well.column): well.name for well in first.wells}
    assert len(places) == len(first.wells) == 15
    assert (places[0, 0], places[1, 4], places[2, 1]) == ("A02", "Z06", "AA03")


def test_a_well_says_what_was_in_it_and_what_it_scored(screen: Screen) -> None:
    said = {well.name: well for well in plates_of(screen.record, screen.wells)[0].wells}
    scores = wells_of(screen, "P")["score.model"]
    assert said["Z04"].text == f"Z04: drug 1 uM, score {scores['Z04']:.3g}"
    assert said["A02"].text == f"A02: negative, score {scores['A02']:.3g}"
    assert said["AA06"].text == f"AA06: sample, score {scores['AA06']:.3g}"
    assert [said[name].role for name in ("A02", "AA02", "AA06", "Z02")] == ["negative", "positive", "sample", "sample"]


def test_shades_follow_the_scores_of_the_plate_from_one_end_to_the_other(screen: Screen) -> None:
    (plate, _) = plates_of(screen.record, screen.wells)
    scores = wells_of(screen, "P")["score.model"]
    shades = pd.Series({well.name: well.shade for well in plate.wells})
    assert (shades.min(), shades.max()) == (0, 1)
    ordered = shades.loc[scores.sort_values().index]
    assert ordered.is_monotonic_increasing
    assert plate.ends == (f"{scores.quantile(0.02):.3g}", f"{scores.quantile(0.98):.3g}")


def test_hits_are_those_that_were_called_and_never_controls(screen: Screen) -> None:
    for plate in plates_of(screen.record, screen.wells):
        called = {well.name for well in plate.wells if well.is_hit}
        own = wells_of(screen, plate.name)
        assert called == set(own.index[own["is_hit.model"].eq(True)])
        assert len(called) == screen.record["plates"][plate.name]["hits"]["n_hits"] > 0
        assert f"{len(called)} hits of 7 wells" in plate.note


def test_a_plate_of_one_score_has_one_shade(screen: Screen) -> None:
    flat = screen.wells.assign(**{"score.model": 2.0})
    (plate, _) = plates_of(screen.record, flat)
    assert {well.shade for well in plate.wells} == {0.5}
    assert plate.ends == ("2", "2")


def test_a_well_without_a_score_has_no_shade_and_the_others_keep_theirs(screen: Screen) -> None:
    gap = screen.wells.copy()
    gap.loc[gap["meta.well"] == "Z04", "score.model"] = np.nan
    said = {well.name: well for well in plates_of(screen.record, gap)[0].wells}
    assert said["Z04"].shade is None
    assert said["Z04"].text.startswith("Z04: drug 1 uM")
    assert all(well.shade is not None for name, well in said.items() if name != "Z04")


def test_a_plate_none_of_whose_wells_has_a_score_is_drawn_all_the_same(screen: Screen) -> None:
    (plate, _) = plates_of(screen.record, screen.wells.assign(**{"score.model": np.nan}))
    assert {well.shade for well in plate.wells} == {None}
    assert plate.ends == ("undefined", "undefined")


def test_wells_that_were_not_judged_are_left_out(screen: Screen) -> None:
    partly = screen.wells.assign(is_judged=screen.wells["meta.well"] != "A02")
    (plate, _) = plates_of(screen.record, partly)
    assert "A02" not in {well.name for well in plate.wells}
    assert len(plate.wells) == 14


def test_a_plate_without_a_wells_table_has_wells_that_are_samples() -> None:
    names = [f"meta.{name}" for name in ("control_role", "treatment", "concentration", "concentration_unit")]
    bare = evaluate_screen(fields("P").drop(columns=names), COLUMNS[:1], n_replicates=0)
    (plate,) = plates_of(bare.record, bare.wells)
    assert {(well.role, well.is_hit) for well in plate.wells} == {("sample", False)}
    assert plate.note == f"Z' undefined; {bare.record['plates']['P']['hits']['reason']}"


def test_a_plate_whose_controls_are_alike_says_why_no_hit_was_called() -> None:
    flat = evaluate_screen(fields("P").assign(**{"score.response": 1.0}), COLUMNS[:1], n_replicates=0)
    (plate,) = plates_of(flat.record, flat.wells)
    assert plate.note == "Z' undefined; all 5 negative control wells have the same score"
    assert not any(well.is_hit for well in plate.wells)


def test_separations_are_of_each_plate_and_of_all_with_the_network_before_the_baselines(screen: Screen) -> None:
    rows = separation_rows(screen.record)
    assert [row[:2] for row in rows] == [
        (plate, score) for plate in ("P", "Q", "all plates") for score in ("model", "position")
    ]
    assert rows[1][2] is screen.record["plates"]["P"]["baselines"]["position"]["separation"]
    alone = evaluate_screen(fields("P"), COLUMNS, n_replicates=0)
    assert {row[0] for row in separation_rows(alone.record)} == {"P"}


def test_an_ec50_stands_with_its_unit_and_interval_and_else_its_reason_stands_there(screen: Screen) -> None:
    rows = {score: (treatment, *rest) for treatment, score, *rest in dose_rows(screen.record)}
    assert list(rows) == ["model", "position"]
    number = screen.record["pooled"]["dose_response"]["drug"]["ec50"]
    treatment, ec50, ends, spearman = rows["model"]
    assert (treatment, ec50) == ("drug", f"{number[0]:.3g} uM")
    assert number[0] == pytest.approx(1.0, rel=0.5)
    assert " to " in ends
    assert spearman.startswith(("0.9", "1.0"))
    position = screen.record["pooled"]["baselines"]["position"]["dose_response"]["drug"]
    assert rows["position"][1:3] == (position["reasons"]["ec50"], "")


@pytest.mark.parametrize(
    ("ec50", "said"),
    [
        ([1.0, 0.5, None], ("1 uM", "0.5 to unbounded")),
        ([1.0, None, 2.0], ("1 uM", "unbounded to 2")),
        ([1.0, None, None], ("1 uM", "")),
        (None, (NOT_TESTED, "")),
    ],
)
def test_ends_that_there_are_not_are_said(screen: Screen, ec50: Any, said: tuple[str, str]) -> None:
    record = copy.deepcopy(screen.record)
    record["pooled"]["dose_response"] = {"drug": {"ec50": ec50, "unit": "uM", "spearman": None}}
    assert dose_rows(record)[0] == ("drug", "model", *said, "undefined")


def test_every_dose_is_a_dot_within_the_picture_and_the_fit_is_a_line(screen: Screen) -> None:
    (panel,) = dose_panels(screen.record, screen.curves)
    dots, curve = panel.lines
    assert len(dots.dots) == 2 * len(DOSES)
    assert {x for x, _ in dots.dots} == {0.0, 23.9, SIDE / 2, 73.9, SIDE}
    assert all(0 <= end <= SIDE for dot in dots.dots for end in dot)
    assert curve.path.startswith("M")
    assert (panel.title, panel.ends[:2]) == ("drug", ("0.1 uM", "10 uM"))
    assert panel.note.startswith("EC50 ")


def test_a_fit_that_cannot_be_made_leaves_the_dots_and_its_reason(screen: Screen) -> None:
    flat = evaluate_screen(fields("P").assign(**{"score.response": 1.0}), COLUMNS[:1], n_replicates=0)
    (panel,) = dose_panels(flat.record, flat.curves)
    assert [line.kind for line in panel.lines] == ["points"]
    assert "same score" in panel.note
    assert {y for _, y in panel.lines[0].dots} == {SIDE / 2}


def test_a_treatment_of_one_dose_is_drawn_in_the_middle() -> None:
    one = fields("P")
    one["meta.concentration"] = one["meta.concentration"].where(one["meta.concentration"].isna(), 2.0)
    found = evaluate_screen(one, COLUMNS[:1], n_replicates=0)
    (panel,) = dose_panels(found.record, found.curves)
    assert {x for x, _ in panel.lines[0].dots} == {SIDE / 2}
    assert found.record["pooled"]["dose_response"]["drug"]["ec50"] is None


def test_wells_whose_pictures_are_odd_are_marked_told_and_counted(screen: Screen) -> None:
    flags = screen.wells["meta.well"].map({"A02": "saturation, focus", "AA06": "focus", "A03": None}).fillna("")
    wells = screen.wells.assign(**{"meta.image_quality": flags.where(screen.wells["meta.well"] != "A03", None)})
    plate = plates_of(screen.record, wells)[0]
    said = {well.name: well for well in plate.wells}
    assert {name for name, well in said.items() if well.is_flagged} == {"A02", "AA06"}
    assert said["A02"].text.endswith("; saturated, unsharp")
    assert plate.flagged == "2 wells flagged: saturated 1, unsharp 2"


def test_where_nothing_is_odd_or_nothing_was_checked_nothing_is_said(screen: Screen) -> None:
    for wells in (screen.wells, screen.wells.assign(**{"meta.image_quality": ""})):
        plate = plates_of(screen.record, wells)[0]
        assert plate.flagged == ""
        assert not any(well.is_flagged for well in plate.wells)


def measured(*plates: str, **other: Any) -> pd.DataFrame:
    rows = [(plate, f"{row}{column:02}", row, column) for plate in plates for row in ROWS for column in (2, 11)]
    table = pd.DataFrame(rows, columns=["meta.plate", "meta.well", "meta.row", "meta.column"])
    said: dict[str, Any] = {"trait": "area_mm2", "unit": "mm2", "description": "Leaf area.", "n_images": 1}
    return table.assign(value=np.arange(len(table), dtype=float) + 100, **(said | other))


def test_measured_wells_stand_in_their_places_with_trait_and_unit() -> None:
    found = trait_plates(measured("Q", "P"))
    assert (found.name, found.description, found.n_plates, found.n_images) == ("area", "Leaf area.", 2, 1)
    assert [(plate.name, plate.note) for plate in found.plates] == [("P", "6 wells"), ("Q", "6 wells")]
    second = found.plates[1]
    assert (second.rows, second.columns) == (["A", "Z", "AA"], [2, 11])
    assert [(well.row, well.column, well.role, well.is_hit) for well in second.wells][3] == (1, 1, "sample", False)
    assert second.wells[3].text == "Z11: sample, area 103 mm2"
    assert [well.shade for well in second.wells] == sorted(well.shade or 0.0 for well in second.wells)


def test_what_is_counted_has_no_unit_and_large_numbers_no_decimals() -> None:
    (plate,) = trait_plates(measured("P", trait="leaf_count", unit="1")).plates
    assert plate.wells[0].text == "A02: sample, leaf count 100"
    (plate,) = trait_plates(measured("P").assign(value=12345.6)).plates
    assert plate.ends == ("12,346 mm2", "12,346 mm2")


def test_a_well_without_a_value_has_no_shade_and_a_flagged_one_says_why() -> None:
    table = measured("P").assign(**{"meta.image_quality": pd.array(["focus", *[None] * 5], dtype=object)})
    table.loc[0, "value"] = np.nan
    (plate,) = trait_plates(table).plates
    assert (plate.wells[0].shade, plate.wells[0].is_flagged) == (None, True)
    assert plate.wells[0].text == "A02: sample, area undefined; unsharp"
    assert plate.flagged == "1 well flagged: unsharp 1"


def test_no_more_plates_of_measured_wells_are_shown_than_can_be_read() -> None:
    found = trait_plates(measured(*(f"p{number:03}" for number in range(MOST_PLATES + 2))))
    assert (len(found.plates), found.n_plates) == (MOST_PLATES, MOST_PLATES + 2)
