"""Laws of the comparison of maps with boxes."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from zoo_core.evaluation.localization import GRID, evaluate_localization, score_maps

GRID_STEP = 2 / GRID
"""What the grid may change in an area share or an overlap of boxes as large as these."""

Pair = tuple[str, str, str, np.ndarray, Sequence[Sequence[float]]]
"""Example, group, label, map (y, x), boxes (x_min, y_min, width, height)."""


def peak_at(row: int, column: int, shape: tuple[int, int] = (3, 5)) -> np.ndarray:
    one = np.zeros(shape, np.float32)
    one[row, column] = 2.0
    return one


def cell(row: int, column: int, shape: tuple[int, int] = (3, 5)) -> list[float]:
    """The box that is a cell of the map."""
    return [column / shape[1], row / shape[0], 1 / shape[1], 1 / shape[0]]


def score(*pairs: Pair) -> pd.DataFrame:
    rows = [{"example_id": p[0], "group_id": p[1], "label": p[2], "split": "test"} for p in pairs]
    corners = ["x_min", "y_min", "width", "height"]
    boxes = [{"example_id": p[0], "label": p[2], **dict(zip(corners, one, strict=True))} for p in pairs for one in p[4]]
    return score_maps(np.stack([p[3] for p in pairs]), pd.DataFrame(rows), pd.DataFrame(boxes))


def test_a_peak_hits_the_box_that_holds_the_middle_of_its_cell_and_no_other():
    for row in range(3):
        for column in range(5):
            one = peak_at(row, column)
            assert score(("a", "p", "Mass", one, [cell(row, column)]))["hit"].item() == 1
            assert score(("a", "p", "Mass", one, [cell((row + 1) % 3, column)]))["hit"].item() == 0
            assert score(("a", "p", "Mass", one, [cell(row, (column + 1) % 5)]))["hit"].item() == 0


def test_any_of_several_boxes_may_be_hit():
    scored = score(("a", "p", "Mass", peak_at(2, 4), [cell(0, 0), cell(2, 4)]))
    assert scored[["hit", "n_boxes"]].iloc[0].tolist() == [1, 2]


def test_boxes_of_other_labels_and_images_do_not_count():
    here, there = cell(1, 1), cell(2, 4)
    scored = score(("a", "p", "Mass", peak_at(1, 1), [there]), ("a", "p", "Hernia", peak_at(1, 1), [here]))
    scored_elsewhere = score(("a", "p", "Mass", peak_at(1, 1), [there]), ("b", "q", "Mass", peak_at(1, 1), [here]))
    assert scored["hit"].tolist() == scored_elsewhere["hit"].tolist() == [0, 1]


def test_of_several_highest_cells_the_share_in_a_box_counts():
    one = peak_at(0, 0) + peak_at(1, 2) + peak_at(2, 4)
    assert score(("a", "p", "Mass", one, [cell(1, 2), cell(2, 4)]))["hit"].item() == pytest.approx(2 / 3)


def test_a_box_between_the_middles_of_cells_is_out_of_reach_of_every_map():
    between = [0.26, 0.26, 0.48, 0.48]  # cells of 2 x 2 have their middles at 1/4 and 3/4
    maps = [peak_at(row, column, (2, 2)) for row in range(2) for column in range(2)]
    scored = score(*[(f"e{i}", f"p{i}", "Mass", one, [between]) for i, one in enumerate(maps)])
    assert not scored["reachable"].any()
    assert not scored["hit"].any()
    assert score(("a", "p", "Mass", maps[0], [[0.74, 0.74, 0.02, 0.02]]))["reachable"].item()


def test_a_flat_map_hits_as_often_as_chance():
    quarter = [0.0, 0.0, 0.5, 0.5]
    scored = score(("a", "p", "Mass", np.ones((4, 6), np.float32), [quarter]))
    assert scored["hit"].item() == scored["area_share"].item() == 0.25
    assert scored["iou"].item() == pytest.approx(0.25)


def test_a_map_of_zeros_is_a_miss_and_is_counted():
    everywhere = [0.0, 0.0, 1.0, 1.0]
    scored = score(("a", "p", "Mass", np.zeros((3, 5), np.float32), [everywhere]))
    assert scored[["zero_map", "hit", "iou", "area_share"]].iloc[0].tolist() == [True, 0, 0, 1]
    assert evaluate_localization(scored, ["Mass"], 0)["labels"]["Mass"]["n_zero_maps"] == 1


def test_overlapping_boxes_count_their_area_once():
    boxes = [[0.0, 0.0, 0.5, 1.0], [0.25, 0.0, 0.5, 1.0]]
    assert score(("a", "p", "Mass", peak_at(0, 0), boxes))["area_share"].item() == 0.75


def test_the_overlap_is_that_of_the_region_above_half_the_peak():
    # Bilinear from 1 in the left column's middle (x = 1/4) to 0 in the right one's (x = 3/4): half is at x = 1/2.
    left = np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)
    scored = score(
        ("a", "p", "Mass", left, [[0.0, 0.0, 0.5, 1.0]]),
        ("b", "q", "Mass", left, [[0.25, 0.0, 0.5, 1.0]]),
        ("c", "r", "Mass", left, [[0.5, 0.0, 0.5, 1.0]]),
    )
    np.testing.assert_allclose(scored["iou"], [1, 1 / 3, 0], atol=GRID_STEP)


def test_the_height_of_a_map_does_not_matter():
    rng = np.random.default_rng(3)
    maps = rng.random((3, 3, 5)).astype(np.float32)
    pairs = [(f"e{i}", f"p{i}", "Mass", one, [cell(i, i)]) for i, one in enumerate(maps)]
    louder = [(e, g, name, one * 2.0 ** (8 * i), boxes) for i, (e, g, name, one, boxes) in enumerate(pairs)]
    pd.testing.assert_frame_equal(score(*pairs), score(*louder))


def test_turning_maps_and_boxes_by_a_right_angle_changes_nothing():
    rng = np.random.default_rng(4)
    maps = rng.random((4, 3, 5)).astype(np.float32)
    boxes = rng.uniform(0.1, 0.5, (4, 4))
    upright = [(f"e{i}", f"p{i}", "Mass", maps[i], [boxes[i]]) for i in range(4)]
    turned = [(f"e{i}", f"p{i}", "Mass", maps[i].T, [boxes[i][[1, 0, 3, 2]]]) for i in range(4)]
    pd.testing.assert_frame_equal(score(*upright), score(*turned), atol=GRID_STEP)


def test_the_prior_is_the_mean_map_of_other_groups_and_never_the_image_itself():
    here, there = peak_at(0, 0), peak_at(2, 4)
    at_here = [cell(0, 0)]
    scored = score(
        ("a", "p", "Mass", there, at_here),
        ("b", "q", "Mass", here, at_here),
        ("c", "r", "Mass", here, at_here),
    )
    assert scored["hit"].tolist() == [0, 1, 1]
    # The others of `a` both look here; those of `b` and `c` are divided, and half of their peaks lie in the box.
    assert scored["prior_hit"].tolist() == [1, 0.5, 0.5]


def test_the_prior_leaves_out_the_whole_group():
    here, there = peak_at(0, 0), peak_at(2, 4)
    pairs = [
        ("a", "p", "Mass", here, [cell(0, 0)]),
        ("b", "p", "Mass", here, [cell(0, 0)]),
        ("c", "q", "Mass", there, [cell(0, 0)]),
    ]
    assert score(*pairs)["prior_hit"].tolist() == [0, 0, 1]


def test_the_prior_is_of_the_same_label():
    here, there = peak_at(0, 0), peak_at(2, 4)
    pairs = [
        ("a", "p", "Mass", here, [cell(0, 0)]),
        ("b", "q", "Mass", here, [cell(0, 0)]),
        ("c", "r", "Hernia", there, [cell(0, 0)]),
        ("d", "s", "Hernia", there, [cell(0, 0)]),
    ]
    assert score(*pairs)["prior_hit"].tolist() == [1, 1, 0, 0]


def test_one_loud_map_does_not_make_the_prior():
    here, there = peak_at(0, 0), peak_at(2, 4)
    pairs = [(f"e{i}", f"p{i}", "Mass", one, [cell(0, 0)]) for i, one in enumerate([here, here, here, 1e6 * there])]
    assert score(*pairs)["prior_hit"].tolist() == [1, 1, 1, 1]


def test_without_another_group_there_is_no_prior_and_it_is_said():
    scored = score(("a", "p", "Mass", peak_at(0, 0), [cell(0, 0)]), ("b", "p", "Mass", peak_at(0, 0), [cell(0, 0)]))
    assert scored["prior_hit"].isna().all()
    record = evaluate_localization(scored, ["Mass"], 20)["labels"]["Mass"]
    assert record["pointing"] == [1.0, None, None]
    assert record["prior"] is None
    assert record["difference_to_prior"] is None
    assert record["reason"] == "no prior and no interval: the images are of 1 group, 2 are needed"


def many(n_groups: int = 30, n_each: int = 2, seed: int = 0) -> pd.DataFrame:
    """Scored maps that hit more often in some groups than in others."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), n_each)
    return pd.DataFrame(
        {
            "example_id": [f"e{i}" for i in range(len(group))],
            "group_id": [f"p{g}" for g in group],
            "label": np.where(np.arange(len(group)) % 3, "Mass", "Hernia"),
            "split": "test",
            "n_boxes": 1,
            "area_share": rng.uniform(0.1, 0.3, len(group)),
            "reachable": group % 7 > 0,
            "zero_map": False,
            "hit": (group % 3 == 0).astype(float),
            "prior_hit": (group % 5 == 0).astype(float),
            "iou": rng.random(len(group)),
        }
    )


def test_numbers_are_means_over_maps():
    scored = many()
    record = evaluate_localization(scored, ["Mass", "Hernia"], 200)["labels"]["Mass"]
    mass = scored[scored["label"] == "Mass"]
    assert record["n_images"] == record["n_maps"] == record["n_boxes"] == len(mass)
    assert record["pointing"][0] == pytest.approx(mass["hit"].mean())
    assert record["ceiling"] == pytest.approx(mass["reachable"].mean())
    assert record["chance"] == pytest.approx(mass["area_share"].mean())
    assert record["prior"] == pytest.approx(mass["prior_hit"].mean())
    assert record["difference_to_prior"][0] == pytest.approx((mass["hit"] - mass["prior_hit"]).mean())
    assert record["iou"][0] == pytest.approx(mass["iou"].mean())
    assert record["iou_above_0.1"] == pytest.approx((mass["iou"] > 0.1).mean())
    assert record["iou_above_0.5"] == pytest.approx((mass["iou"] > 0.5).mean())
    for name in ("pointing", "difference_to_prior", "iou"):
        value, low, high = record[name]
        assert low < value < high


def test_all_labels_are_pooled_over_maps_and_images_are_counted_once():
    scored = many()
    twice = pd.concat([scored, scored.assign(label="Edema")], ignore_index=True)
    pooled = evaluate_localization(twice, ["Mass", "Hernia", "Edema"], 200)["pooled"]
    assert (pooled["n_images"], pooled["n_maps"]) == (60, 120)
    assert pooled["pointing"][0] == pytest.approx(scored["hit"].mean())


def test_ten_images_of_one_patient_tell_less_than_ten_patients():
    clustered = many(n_groups=12, n_each=10)
    apart = clustered.assign(group_id=clustered["example_id"])
    widths = []
    for scored in (clustered, apart):
        _, low, high = evaluate_localization(scored, [], 500)["pooled"]["pointing"]
        widths.append(high - low)
    # Hits are the same within a group, so that only 12 of the 120 images tell anything: sqrt(10) = 3.2 times as wide.
    assert widths[0] > 2 * widths[1]


def test_the_difference_to_the_prior_is_paired():
    scored = many()
    same = scored.assign(prior_hit=scored["hit"])
    assert evaluate_localization(same, [], 200)["pooled"]["difference_to_prior"] == [0, 0, 0]


def test_maps_without_a_prior_are_in_the_pointing_and_not_in_the_difference():
    scored = many()
    scored.loc[:9, "prior_hit"] = np.nan
    scored.loc[:9, "hit"] = 1.0
    pooled = evaluate_localization(scored, [], 200)["pooled"]
    assert pooled["pointing"][0] == pytest.approx(scored["hit"].mean())
    assert pooled["difference_to_prior"][0] == pytest.approx((scored["hit"] - scored["prior_hit"])[10:].mean())


def test_a_label_in_too_few_groups_has_no_interval_and_it_is_said():
    scored = many().assign(label=["Mass" if group in ("p0", "p1") else "Hernia" for group in many()["group_id"]])
    record = evaluate_localization(scored, ["Mass"], 200)["labels"]["Mass"]
    assert record["pointing"] == [0.5, None, None]
    assert record["reason"].startswith("no interval: defined in ")


def test_a_label_without_a_box_is_said_to_have_none():
    record = evaluate_localization(many(), ["Mass", "Edema"], 20)["labels"]["Edema"]
    assert record["n_images"] == 0
    assert record["pointing"] is record["chance"] is record["iou"] is None
    assert record["reason"] == "no image of the split has a box of it"
    assert set(record) - {"reason"} == set(evaluate_localization(many(), ["Mass"], 20)["labels"]["Mass"])


def test_without_draws_there_are_values_and_no_intervals():
    pooled = evaluate_localization(many(), [], 0)["pooled"]
    assert pooled["pointing"][1:] == pooled["iou"][1:] == [None, None]
    assert "reason" not in pooled


def test_the_same_seed_gives_the_same_numbers_and_they_are_json():
    one, other = (json.dumps(evaluate_localization(many(), ["Mass"], 50), allow_nan=False) for _ in range(2))
    assert one == other
    assert json.loads(one)["bootstrap"] == {"n_replicates": 50, "seed": 0, "unit": "group_id", "n_groups": 30}
