import numpy as np

from zoo_radiology.augmentation import flip_left_right, shift
from zoo_radiology.chexnet import CheXNet, CheXNetConfig

IMAGES = np.random.default_rng(0).random((40, 3, 5, 2)).astype(np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_flip_mirrors_whole_pictures_along_x_alone():
    flipped = flip_left_right(IMAGES, rng())
    mirrored = [(after == before[:, ::-1]).all() for before, after in zip(IMAGES, flipped, strict=True)]
    kept = [(after == before).all() for before, after in zip(IMAGES, flipped, strict=True)]
    assert all(m != k for m, k in zip(mirrored, kept, strict=True))
    assert 5 < sum(mirrored) < 35


def test_a_shift_moves_at_most_so_far_and_repeats_the_edge():
    image = np.zeros((30, 9, 11, 1), np.float32)
    image[:, 4, 5] = 1
    for moved in shift(image, 2, rng()):
        y, x = np.argwhere(moved[..., 0] == 1)[0]
        assert abs(y - 4) <= 2
        assert abs(x - 5) <= 2
    constant = np.ones((3, 4, 5, 1), np.float32)
    assert (shift(constant, 3, rng()) == 1).all()


def test_augmentation_repeats_itself_from_its_seed_and_differs_between_seeds():
    task = CheXNet(CheXNetConfig(flip=True, shift_px=1))
    assert (task.augment(IMAGES, rng()) == task.augment(IMAGES, rng())).all()
    assert (task.augment(IMAGES, rng()) != task.augment(IMAGES, np.random.default_rng(8))).any()


def test_augmentation_that_is_switched_off_changes_nothing():
    task = CheXNet(CheXNetConfig(flip=False, shift_px=0))
    assert (task.augment(IMAGES, rng()) == IMAGES).all()
