"""Laws of finding a rosette in a picture."""

import numpy as np
import pytest

from zoo_core.contract import DataError
from zoo_phenomics.rosettes.segmentation import find_rosette

from .conftest import LEAF, Drawing, Series, blades, disc, paint

MOSS = np.array([85, 115, 45])
MEDIAN_ERROR, LEAST_OVERLAP = 0.12, 0.78
"""Of areas, and of masks: the goal that was set, and what seedlings with bleached leaves reach."""
CROP_TOLERANCE = 0.03
"""The soil around a plant is not quite as green as that of the whole pot, and so is the threshold."""


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union."""
    return float(np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth))


@pytest.mark.parametrize(("shape", "radius"), [((60, 60), 12), ((60, 75), 4), ((240, 231), 60), ((600, 560), 150)])
def test_a_disc_is_found_with_its_area(shape: tuple[int, int], radius: float) -> None:
    truth = disc(shape, (shape[0] / 2, shape[1] / 2), radius)
    found = find_rosette(paint(truth))
    assert found.missing == ""
    assert found.mask.shape == shape
    assert abs(found.mask.sum() / truth.sum() - 1) < 0.4 / radius
    assert overlap(found.mask, truth) > 1 - 1 / radius


def test_a_rosette_is_found_with_all_its_leaves(rosette: Drawing) -> None:
    assert overlap(find_rosette(rosette.image).mask, rosette.mask) > 0.93


def test_a_picture_that_is_turned_or_mirrored_gives_a_mask_that_is(rosette: Drawing) -> None:
    mask = find_rosette(rosette.image).mask
    for change in (np.rot90, np.flipud, np.fliplr):
        np.testing.assert_array_equal(find_rosette(change(rosette.image)).mask, change(mask))


def test_a_crop_of_a_picture_gives_the_same_plant(rosette: Drawing) -> None:
    mask = find_rosette(rosette.image).mask
    rows, columns = (slice(np.flatnonzero(mask.any(axis=1 - axis))[0] - 4, None) for axis in (0, 1))
    crop = find_rosette(rosette.image[rows, columns]).mask
    assert abs(crop.sum() / mask.sum() - 1) < 0.01


def test_a_picture_that_is_a_third_darker_gives_the_same_plant(rosette: Drawing) -> None:
    darker = (rosette.image * 0.67).astype(np.uint8)
    assert overlap(find_rosette(darker).mask, find_rosette(rosette.image).mask) > 0.95


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (120, 120, 120), (60, 110, 200), (45, 38, 33), (150, 90, 60)]
)
def test_a_picture_without_green_has_no_plant(colour: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(0).normal(0, 5, (70, 65, 3))
    found = find_rosette(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))
    assert not found.mask.any()
    assert "as green as leaves" in found.missing


def test_moss_in_specks_is_no_plant() -> None:
    specks = np.zeros((150, 150), dtype=bool)
    specks[np.random.default_rng(1).random(specks.shape) < 0.03] = True
    found = find_rosette(paint(specks, MOSS))
    assert not found.mask.any()
    assert found.missing


def test_moss_around_a_plant_is_left_out(rosette: Drawing) -> None:
    specks = np.random.default_rng(1).random(rosette.mask.shape) < 0.03
    picture = paint(rosette.mask, LEAF, paint(specks, MOSS))
    assert overlap(find_rosette(picture).mask, rosette.mask) > 0.85


def test_a_picture_that_is_all_leaf_is_all_plant() -> None:
    found = find_rosette(paint(np.ones((60, 80), dtype=bool)))
    assert found.mask.all()
    assert found.is_cut


def test_a_plant_within_the_picture_is_not_cut(rosette: Drawing) -> None:
    assert not find_rosette(rosette.image).is_cut
    assert find_rosette(rosette.image[:, 70:]).is_cut


@pytest.mark.parametrize("radius", [30, 60])
def test_a_small_plant_in_the_middle_is_chosen_before_a_large_neighbour(radius: float) -> None:
    own = disc((200, 200), (105, 95), 6)
    neighbour = disc((200, 200), (10, 190), radius)
    assert overlap(find_rosette(paint(own | neighbour)).mask, own) > 0.85


@pytest.mark.parametrize("centre", [(100, 196), (4, 100), (190, 10)])
def test_an_empty_pot_has_no_plant_though_a_neighbour_reaches_in(centre: tuple[int, int]) -> None:
    found = find_rosette(paint(disc((200, 200), centre, 18)))
    assert not found.mask.any()
    assert "at an edge of the picture" in found.missing


def test_a_leaf_whose_petiole_is_not_seen_is_kept() -> None:
    near = blades((150, 150), 5, 50, gap=4)
    assert overlap(find_rosette(paint(near)).mask, near) > 0.9


def test_a_leaf_far_away_is_left_out() -> None:
    plant, leaf = disc((200, 200), (100, 100), 20), disc((200, 200), (100, 150), 10)
    assert overlap(find_rosette(paint(plant | leaf)).mask, plant) > 0.9


def test_a_label_a_rim_and_a_blue_tray_are_no_plant(rosette: Drawing) -> None:
    picture = rosette.image.copy()
    picture[:12], picture[:, -8:], picture[60:75, :25] = (50, 110, 170), (110, 115, 118), (240, 240, 225)
    np.testing.assert_array_equal(find_rosette(picture).mask, find_rosette(rosette.image).mask)


def test_a_pale_spot_on_a_leaf_is_leaf_and_soil_between_leaves_is_not() -> None:
    plant = disc((160, 160), (80, 80), 50)
    spot, soil = disc((160, 160), (60, 80), 2), disc((160, 160), (100, 80), 12)
    found = find_rosette(paint(plant & ~spot & ~soil)).mask
    assert found[60, 80]
    assert not found[100, 80]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((60, 60), np.uint8),
        np.zeros((60, 60, 4), np.uint8),
        np.zeros((60, 60, 3), np.float32),
        np.zeros((2, 60, 3), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
    ],
)
def test_what_is_no_picture_in_colour_is_refused_in_one_line(image: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"\(y, x, 3\) of uint8.*Received: shape") as caught:
        find_rosette(image)
    assert "\n" not in str(caught.value)


def test_areas_of_the_real_plant_are_those_of_its_masks(ltu: Series) -> None:
    pots = ltu.of("LTU-2", "pot_raw")
    truths = ltu.of("LTU-2", "masks").set_index("timestamp")["image"]
    errors, overlaps = [], []
    for name, time in zip(pots["image"], pots["timestamp"], strict=True):
        truth = ltu.image(truths[time])[:, :, 0] > 0
        mask = find_rosette(ltu.image(name)).mask
        errors.append(abs(mask.mean() / truth.mean() - 1))
        # Masks show the same field of view, stretched to a square.
        rows, columns = ((np.arange(n) + 0.5) * length / n for n, length in zip(mask.shape, truth.shape, strict=True))
        overlaps.append(overlap(mask, truth[np.ix_(rows.astype(int), columns.astype(int))]))
    assert len(errors) == 24
    assert np.median(errors) <= MEDIAN_ERROR
    assert min(overlaps) > LEAST_OVERLAP


@pytest.mark.parametrize("plant", ["LTU-1", "LTU-2"])
def test_crops_of_the_real_plants_show_them_as_large_as_their_pots_do(plant: str, ltu: Series) -> None:
    crops = ltu.of(plant, "canopy").set_index("timestamp")["image"]
    pots = ltu.of(plant, "pot_raw").iloc[::3]
    for pot, time in zip(pots["image"], pots["timestamp"], strict=True):
        in_crop, in_pot = (find_rosette(ltu.image(name)).mask.sum() for name in (crops[time], pot))
        assert abs(in_crop / in_pot - 1) < CROP_TOLERANCE
