"""Task leaf-disease: the classes of the data set, probabilities of each, and a baseline that sees the border alone."""

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, ConfigError, Example, Label
from zoo_phenomics.leaf_disease import BORDER, LeafDisease, LeafDiseaseConfig

COLOUR = ArraySpec("image", ("y", "x", "c"), (None, None, 3), "uint8", (0, 255))
CLASSES = [Label(name, class_of="disease") for name in ("blight", "healthy", "rust")]


def task(**options: object) -> LeafDisease:
    empty = LeafDisease(LeafDiseaseConfig(**options))  # type: ignore[arg-type] # of the tests' own choice
    return LeafDisease(empty.with_data([Label("wet"), *CLASSES], [COLOUR]))


def test_the_classes_are_those_of_the_data_set_and_a_model_keeps_its_own() -> None:
    trained = task()
    assert [label.name for label in trained.labels] == ["blight", "healthy", "rust"]
    assert {label.class_of for label in trained.labels} == {"disease"}
    others = [Label(name, class_of="disease") for name in ("a", "b")]
    assert trained.with_data(others, [COLOUR]) == trained.config


def test_a_data_set_without_classes_or_without_one_of_them_is_refused() -> None:
    nothing = LeafDisease(LeafDisease(LeafDiseaseConfig()).with_data([Label("wet")], [COLOUR]))
    assert nothing.select([Label("wet")]) == ()
    assert task().select(CLASSES) == ("blight", "healthy", "rust")
    assert task().select(CLASSES[:2]) == ()


def test_probabilities_of_an_example_are_one_together_however_large_the_logits() -> None:
    probabilities = task().predict(np.array([[1e4, 0.0, -1e4], [1.0, 1.0, 1.0]], np.float32), {})
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, [[1, 0, 0], [1 / 3] * 3], atol=1e-6)


def test_the_loss_is_the_cross_entropy() -> None:
    logits = np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]], np.float32)
    targets = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    loss = np.asarray(task().loss(targets, logits, {}))
    wanted = -np.log(task().predict(logits, {})[targets == 1])
    assert loss.shape == (2, 3)
    np.testing.assert_allclose(loss.mean(axis=1), wanted, rtol=1e-5)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_pictures_become_squares_of_three_channels_from_zero_to_one(n_channels: int) -> None:
    spec = ArraySpec("image", ("y", "x", "c"), (None, None, n_channels), "uint8", (0, 255))
    fitted = task(image_size_px=8).fit(pd.DataFrame(), [spec])
    image = np.random.default_rng(0).integers(0, 256, (13, 9, n_channels), np.uint8)
    made = task().preprocess(Example({"image": image}, (spec,), {}), fitted)
    assert made.shape == task().input_shape(fitted) == (8, 8, 3)
    assert 0 <= made.min() < made.max() <= 1


def test_the_border_baseline_does_not_see_the_middle() -> None:
    image = np.full((50, 40, 3), 100, np.uint8)
    features = [task().baseline_features(BORDER, Example({"image": one}, (COLOUR,), {})) for one in _changed(image)]
    np.testing.assert_array_equal(features[0], features[1])
    assert (features[0] != features[2]).any()


def _changed(image: np.ndarray) -> list[np.ndarray]:
    """The picture, with another middle, and with another edge."""
    middle, edge = image.copy(), image.copy()
    middle[10:40, 10:30] = 7
    edge[:, 0] = 7
    return [image, middle, edge]


def test_an_image_without_size_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"needs a number above 0\. Received: 0"):
        LeafDiseaseConfig(image_size_px=0)
