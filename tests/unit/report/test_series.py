"""Laws of pictures of a trait over time."""

import pandas as pd

from zoo_core.report.series import MOST_PANELS, outlines_of, series_panels


def points(
    name: str, values: list[float], flags: list[str] | None = None, times: list[float] | None = None
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": name,
            "trait": "area_px",
            "unit": "px",
            "time_h": times or [24.0 * i for i in range(len(values))],
            "value": values,
            "smooth": [value if value > 0 else float("nan") for value in values],
            "flag": flags or [""] * len(values),
        }
    )


def test_plants_have_one_scale_and_the_order_of_their_names() -> None:
    small, large = series_panels(pd.concat([points("b", [10.0, 100.0]), points("a", [1.0, 2.0])]))
    assert [small.title, large.title] == ["a", "b"]
    assert small.ends == large.ends == ("day 0", "day 1", "0", "100 px")
    assert large.lines[0].dots == ((0.0, 90.0), (100.0, 0.0))
    assert small.lines[0].dots == ((0.0, 99.0), (100.0, 98.0))


def test_a_point_that_does_not_fit_is_drawn_apart_and_counted() -> None:
    (panel,) = series_panels(points("a", [1.0, 9.0, 3.0], ["", "jump", ""]))
    kept, flagged, curve = panel.lines
    assert (kept.kind, len(kept.dots), flagged.kind, len(flagged.dots)) == ("points", 2, "flagged", 1)
    assert curve.path.count("L") == 2
    assert panel.note == "area px; 3 pictures, 1 left out"


def test_a_picture_without_a_plant_is_no_point() -> None:
    (panel,) = series_panels(points("a", [0.0, 2.0, 3.0], ["no plant", "", ""]))
    assert [line.kind for line in panel.lines] == ["points", "model"]
    assert len(panel.lines[0].dots) == 2


def test_a_plant_that_was_never_seen_has_an_empty_picture() -> None:
    (panel,) = series_panels(points("a", [0.0, 0.0], ["no plant", "no plant"]))
    assert panel.lines == ()


def test_rows_in_any_order_give_the_same_picture() -> None:
    series = points("a", [1.0, 2.0, 4.0])
    assert series_panels(series) == series_panels(series.iloc[::-1])


def test_a_page_holds_no_more_pictures_than_can_be_read() -> None:
    series = pd.concat([points(f"p{i:03}", [1.0, 2.0]) for i in range(MOST_PANELS + 3)])
    assert len(series_panels(series)) == MOST_PANELS


def test_an_outline_is_a_closed_path_a_part_with_what_was_measured() -> None:
    parts = [[[0.0, 0.25], [1.0, 0.25]], [[0.5, 0.5]]]
    picture = {"image": "a.png", "time_h": 60.0, "value": 1234.5, "unit": "px", "outlines": parts}
    shown = {"shown": True, "reason": None, "plants": [{"name": "a", "pictures": [picture]}]}
    assert outlines_of(shown) == {
        "reason": None,
        "plants": [("a", [("a.png", "day 2: 1,234 px", "M0,0.25L1,0.25ZM0.5,0.5Z")])],
    }
    assert outlines_of({"shown": False, "reason": "ask", "plants": []}) == {"reason": "ask", "plants": []}
