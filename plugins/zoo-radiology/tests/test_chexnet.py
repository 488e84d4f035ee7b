import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, ConfigError, Example, Label
from zoo_radiology.chexnet import CheXNet, CheXNetConfig
from zoo_radiology.findings import CHEXNET_FINDINGS

IMAGES = np.random.default_rng(0).random((40, 3, 5, 2)).astype(np.float32)

GREY = ArraySpec("image", ("y", "x", "c"), (None, None, 1), "uint8", (0, 255))


def spec(**changes):
    return ArraySpec(**{**vars(GREY), **changes})


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def chexnet(**options) -> CheXNet:
    return CheXNet(CheXNetConfig(**options))


def preprocessed(pixels: np.ndarray, image_spec: ArraySpec = GREY, size: int = 4) -> np.ndarray:
    return chexnet().preprocess(
        Example({"image": pixels}, (image_spec,), {}),
        {"image_size_px": np.array(size), "positive_weights": np.ones(14)},
    )


def test_the_findings_are_the_papers_14_and_no_finding_is_none_of_them():
    assert len(set(CHEXNET_FINDINGS)) == 14
    assert "No Finding" not in CHEXNET_FINDINGS


@pytest.mark.parametrize("image", [GREY, spec(shape=(None, None, 3)), spec(shape=(64, 64, 1), dtype="float32")])
def test_grey_and_colour_pictures_are_accepted(image):
    assert chexnet().accepts([image]) is None


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([], "Received: none"),
        ([spec(name="mask")], "Received: mask"),
        ([spec(axes=("c", "y", "x"))], r"axes \(c, y, x\)"),
        ([spec(shape=(None, None, 2))], "2 channels"),
    ],
)
def test_arrays_that_are_no_radiographs_are_refused_in_words(specs, words):
    import re

    assert re.search(words, chexnet().accepts(specs))


def test_only_findings_that_the_data_label_are_selected_in_the_tasks_order():
    offered = [Label("Nodule"), Label("Mass"), Label("Fracture"), Label("Hernia", kind="value")]
    assert chexnet().select(offered) == ("Mass", "Nodule")


def test_the_declared_range_becomes_zero_to_one():
    twelve_bit = spec(dtype="uint16", value_range=(0, 4095))
    assert preprocessed(np.full((5, 6, 1), 4095, np.uint16), twelve_bit).max() == 1
    assert preprocessed(np.zeros((5, 6, 1), np.uint16), twelve_bit).max() == 0
    assert preprocessed(np.full((5, 6, 1), 255, np.uint8)).min() == 1


def test_a_grey_picture_gets_three_equal_channels_and_a_square():
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 1), dtype=np.uint8)
    image = preprocessed(pixels)
    assert image.shape == (4, 4, 3)
    assert image.dtype == np.float32
    assert (image[..., 0] == image[..., 2]).all()


def test_preprocessing_changes_nothing_in_place_and_repeats_itself():
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 1), dtype=np.uint8)
    before = pixels.copy()
    assert (preprocessed(pixels) == preprocessed(pixels)).all()
    assert (pixels == before).all()


@pytest.mark.parametrize(("shape", "size"), [((64, 64, 1), 64), ((None, None, 1), 224), ((512, 300, 1), 224)])
def test_small_pictures_are_not_enlarged(shape, size):
    task = chexnet()
    fitted = task.fit(pd.DataFrame(), [spec(shape=shape)])
    assert task.input_shape(fitted) == (size, size, 3)


def test_positive_weights_are_one_unless_they_are_asked_for():
    rows = pd.DataFrame({"label.Mass": [1, 0, 0, 0]})
    assert (chexnet().fit(rows, [GREY])["positive_weights"] == 1).all()
    weights = chexnet(positive_weights=True).fit(rows, [GREY])["positive_weights"]
    assert dict(zip(CHEXNET_FINDINGS, weights, strict=True))["Mass"] == 3
    assert weights.sum() == 13 + 3


def test_loss_is_binary_cross_entropy_with_weighted_positives_and_survives_large_logits():
    task, weights = chexnet(label_names=("Mass", "Nodule")), np.array([3, 1], np.float32)
    targets = np.array([[1, 0], [0, 1]], np.float32)
    logits = np.array([[0.5, -2.0], [1.5, 100.0]], np.float32)
    loss = np.asarray(task.loss(targets, logits, {"positive_weights": weights}))
    probability = 1 / (1 + np.exp(-logits.astype(np.float64)))
    expected = -(
        weights * targets * np.log(probability) + (1 - targets) * np.log1p(-np.minimum(probability, 1 - 1e-12))
    )
    assert loss == pytest.approx(expected, abs=1e-5)


def test_predictions_are_probabilities_in_the_order_of_logits_without_overflow():
    probability = chexnet().predict(np.array([[-1000.0, 0.0, 1000.0]], np.float32), {})
    assert probability.tolist() == [[0, 0.5, 1]]
    assert probability.dtype == np.float32


@pytest.mark.parametrize("names", [("Scurvy",), (), ("Mass", "Mass")])
def test_label_names_must_be_different_ones_of_the_14(names):
    with pytest.raises(ConfigError, match=r"task\.label_names"):
        CheXNetConfig(label_names=names)


def test_head_gives_one_float32_logit_a_finding():
    import keras

    features = keras.Input((2, 3, 5), dtype="bfloat16")
    outputs = chexnet(label_names=("Mass", "Nodule")).head(features)
    assert outputs.shape == (None, 2)
    assert outputs.dtype == "float32"


def test_augmentation_repeats_itself_from_its_seed_and_differs_between_seeds():
    task = CheXNet(CheXNetConfig(flip=True, shift_px=1))
    assert (task.augment(IMAGES, rng()) == task.augment(IMAGES, rng())).all()
    assert (task.augment(IMAGES, rng()) != task.augment(IMAGES, np.random.default_rng(8))).any()


def test_augmentation_that_is_switched_off_changes_nothing():
    task = CheXNet(CheXNetConfig(flip=False, shift_px=0))
    assert (task.augment(IMAGES, rng()) == IMAGES).all()
