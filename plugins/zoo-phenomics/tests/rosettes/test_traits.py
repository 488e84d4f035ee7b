"""Laws of the traits of a rosette."""

import math

import numpy as np
import pytest

from zoo_core.contract import DataError
from zoo_data_plates.plate_phantom import PlatePhantom, PlatePhantomConfig
from zoo_phenomics.rosettes.segmentation import Rosette, find_rosette
from zoo_phenomics.rosettes.traits import TRAITS, Measures, count_blades, measure, outlines

from .conftest import Drawing, blades, disc, paint

UNITS = {"px", "mm", "mm2", "deg", "1"}
PIXELS = 0.03
"""What the steps of pixels do to a disc of radius 40."""
DRAWN_AREA = 0.06
"""Median error of the area of plants drawn on 192 px: edges are blurred."""
HUE_DEG = 4.0
"""Ribs and young leaves of drawn plants are a little yellower than their blades."""


def of(mask: np.ndarray, pixel_size_um: float | None = None) -> Measures:
    return measure(paint(mask), Rosette(mask), pixel_size_um)


@pytest.fixture(scope="module")
def disc_of_40() -> np.ndarray:
    return disc((101, 121), (50, 60), 40)


def test_every_trait_has_a_unit_that_its_name_agrees_with() -> None:
    names = [trait.name for trait in TRAITS]
    assert len(set(names)) == len(names)
    for trait in TRAITS:
        assert trait.unit in UNITS
        assert trait.description.endswith(".")
        ending = trait.name.rpartition("_")[2]
        assert trait.unit == (ending if ending in UNITS else "1")


def test_a_disc_has_the_measures_of_a_disc(disc_of_40: np.ndarray) -> None:
    values = of(disc_of_40).values
    assert values["area_px"] == np.count_nonzero(disc_of_40)
    assert values["area_px"] == pytest.approx(math.pi * 40**2, rel=PIXELS)
    assert values["perimeter_px"] == pytest.approx(2 * math.pi * 40, rel=PIXELS)
    assert values["diameter_px"] == pytest.approx(80, rel=PIXELS)
    assert values["equivalent_diameter_px"] == pytest.approx(80, rel=PIXELS)
    assert values["solidity"] == pytest.approx(1, rel=PIXELS)
    assert values["compactness"] == pytest.approx(1, rel=PIXELS)
    assert values["extent"] == pytest.approx(math.pi / 4, rel=PIXELS)
    assert values["leaf_count_estimate"] == 1
    assert values["is_cut"] == 0


def test_millimetres_follow_from_the_size_of_a_pixel(disc_of_40: np.ndarray) -> None:
    values = of(disc_of_40, 250.0).values
    assert values["area_mm2"] == pytest.approx(values["area_px"] * 0.0625)
    for name in ("perimeter", "diameter", "equivalent_diameter"):
        assert values[f"{name}_mm"] == pytest.approx(values[f"{name}_px"] * 0.25)


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_without_the_size_of_a_pixel_nothing_is_in_millimetres(disc_of_40: np.ndarray, unknown: float | None) -> None:
    measures = of(disc_of_40, unknown)
    in_mm = {trait.name for trait in TRAITS if trait.unit in ("mm", "mm2")}
    assert {name for name, value in measures.values.items() if math.isnan(value)} == in_mm == set(measures.missing)
    assert "size of a pixel" in measures.missing["area_mm2"]


@pytest.mark.parametrize("size", [0.0, -1.0, math.inf])
def test_a_pixel_without_size_is_refused(disc_of_40: np.ndarray, size: float) -> None:
    with pytest.raises(DataError, match=r"A pixel needs a size above 0 um. Received: "):
        of(disc_of_40, size)


def test_leaves_that_stand_apart_make_a_plant_less_solid_and_less_compact(disc_of_40: np.ndarray) -> None:
    plant, round_one = of(blades((121, 131), 6, 50)).values, of(disc_of_40).values
    assert plant["solidity"] < 0.8 * round_one["solidity"]
    assert plant["compactness"] < 0.5 * round_one["compactness"]


def test_parts_of_a_plant_are_measured_as_one() -> None:
    first, second = disc((100, 100), (30, 50), 10), disc((100, 100), (70, 50), 10)
    values = of(first | second).values
    assert values["area_px"] == 2 * of(first).values["area_px"]
    assert values["perimeter_px"] == pytest.approx(2 * of(first).values["perimeter_px"])
    assert values["diameter_px"] == pytest.approx(61, abs=1)


def test_shape_does_not_change_with_scale(rosette: Drawing) -> None:
    large = np.kron(rosette.mask, np.ones((3, 3))) > 0
    small, larger = of(rosette.mask, 300.0).values, of(large, 100.0).values
    for name in ("area_mm2", "diameter_mm", "solidity", "extent", "leaf_count_estimate"):
        assert larger[name] == pytest.approx(small[name], rel=PIXELS)


def test_a_picture_without_a_plant_has_area_0_and_nothing_else() -> None:
    image = np.full((70, 60, 3), 90, np.uint8)
    measures = measure(image, find_rosette(image), 50.0)
    assert (measures.values["area_px"], measures.values["area_mm2"]) == (0, 0)
    others = {trait.name for trait in TRAITS} - {"area_px", "area_mm2"}
    assert {name for name, value in measures.values.items() if math.isnan(value)} == others == set(measures.missing)
    assert "as green as leaves" in measures.missing["hue_deg"]


def test_what_is_missing_has_a_reason_and_what_is_there_has_none() -> None:
    for mask, size in ((blades((90, 80), 5, 30), None), (disc((60, 60), (30, 30), 2), 10.0), (np.zeros((9, 9)) > 0, 1)):
        measures = of(mask, size)
        assert list(measures.values) == [trait.name for trait in TRAITS]
        assert {name for name, value in measures.values.items() if math.isnan(value)} == set(measures.missing)
        assert all(measures.missing.values())


@pytest.mark.parametrize(("colour", "hue_deg"), [((0, 200, 0), 120), ((200, 200, 0), 60), ((210, 0, 10), 357)])
def test_hue_is_that_of_the_colour_circle(colour: tuple[int, int, int], hue_deg: float) -> None:
    mask = disc((60, 70), (30, 30), 20)
    assert measure(paint(mask, np.array(colour)), Rosette(mask)).values["hue_deg"] == pytest.approx(hue_deg, abs=0.5)


def test_hues_on_both_sides_of_red_are_not_averaged_to_cyan() -> None:
    mask = np.ones((40, 40), dtype=bool)
    image = paint(mask, np.array([200, 0, 30]))
    image[:, 20:] = (200, 30, 0)
    hue = measure(image, Rosette(mask)).values["hue_deg"]
    assert min(hue, 360 - hue) < 1


def test_a_yellower_plant_has_a_lower_hue_whatever_the_light(rosette: Drawing) -> None:
    yellow = paint(rosette.mask, np.array([130, 130, 50]))
    dim = (yellow * 0.7).astype(np.uint8)
    hues = [measure(image, Rosette(rosette.mask)).values["hue_deg"] for image in (rosette.image, yellow, dim)]
    assert hues[0] - hues[1] > 15
    assert abs(hues[1] - hues[2]) < 1


@pytest.mark.parametrize("n_leaves", [3, 4, 5, 6])
def test_blades_that_stand_apart_are_counted(n_leaves: int) -> None:
    plant = blades((301, 301), n_leaves, 140)
    heart = disc(plant.shape, (150, 150), 140 / 6)
    assert count_blades(plant & ~heart) == n_leaves


def test_leaves_a_few_pixels_wide_are_not_counted() -> None:
    measures = of(blades((60, 60), 6, 14))
    assert math.isnan(measures.values["leaf_count_estimate"])
    assert "6 px wide" in measures.missing["leaf_count_estimate"]


def test_a_mask_of_another_picture_is_refused(rosette: Drawing) -> None:
    with pytest.raises(DataError, match=r"the picture it was found in. Received: a picture of shape"):
        measure(rosette.image[1:], Rosette(rosette.mask))


def test_outlines_are_closed_and_enclose_the_plant(rosette: Drawing) -> None:
    lines = outlines(rosette.mask)
    assert all((line[0] == line[-1]).all() for line in lines)
    assert sum(len(line) for line in lines) < rosette.mask.sum() / 5
    assert abs(sum(_signed_area(line) for line in lines)) == pytest.approx(rosette.mask.sum(), rel=PIXELS)


def test_a_hole_has_an_outline_that_runs_the_other_way() -> None:
    ring = disc((90, 100), (45, 50), 40) & ~disc((90, 100), (45, 50), 20)
    areas = sorted(_signed_area(line) for line in outlines(ring))
    assert len(areas) == 2
    assert areas[0] < 0 < areas[1]
    assert abs(sum(areas)) == pytest.approx(ring.sum(), rel=PIXELS)


def test_a_plant_at_the_edge_has_a_closed_outline_and_none_has_none() -> None:
    (line,) = outlines(np.ones((7, 5), dtype=bool))
    assert (line.min(), line[:, 0].max(), line[:, 1].max()) == (-0.5, 6.5, 4.5)
    assert outlines(np.zeros((7, 5), dtype=bool)) == []


def test_drawn_plants_are_measured_as_they_were_drawn() -> None:
    """Area, colour and a lower bound of the leaves; what area and count of leaves are is known of each."""
    plants = PlatePhantom(PlatePhantomConfig(n_trays=1, n_rows=3, n_columns=6, size_px=192, n_empty=1))
    index = plants.index()
    rows = []
    for i, size in enumerate(index["meta.pixel_size_um"]):
        image = plants.read(i)["image"]
        rows.append(measure(image, find_rosette(image), size).values)
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    empty = (index["meta.control_role"] == "empty").to_numpy()
    assert empty.sum() == 1
    assert (values["area_mm2"][empty] == 0).all()
    truth = index[~empty]
    area, hue, count = (values[name][~empty] for name in ("area_mm2", "hue_deg", "leaf_count_estimate"))
    assert np.median(np.abs(area / truth["label.leaf_area_mm2"] - 1)) < DRAWN_AREA
    assert np.corrcoef(area, truth["label.leaf_area_mm2"])[0, 1] > 0.99
    assert np.abs(hue - truth["meta.hue_deg"]).max() < HUE_DEG
    assert (count <= truth["label.leaf_count"]).all()
    assert (count >= 0.4 * truth["label.leaf_count"]).all()


def _signed_area(line: np.ndarray) -> float:
    """Of a closed polygon (vertex, 2); the sign says which way it runs."""
    y, x = line.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)
