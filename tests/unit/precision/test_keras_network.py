"""A trained model computes in the precision that is asked for, whatever it was trained in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo_core.contract import DataError, Load
from zoo_core.precision.keras_network import in_float32, load_bfloat16, load_float32

BFLOAT16 = "mixed_bfloat16"
POLICIES = ("float32", BFLOAT16)


@pytest.fixture(params=POLICIES)
def trained(request: pytest.FixtureRequest, small_folder: Callable[[str], Path]) -> Path:
    return small_folder(request.param)


@pytest.mark.parametrize(("load", "policy"), [(load_float32, "float32"), (load_bfloat16, BFLOAT16)])
def test_outputs_are_those_of_a_model_trained_in_that_precision(
    load: Any, policy: str, trained: Path, make_small: Callable[..., Any], pictures: np.ndarray
) -> None:
    wanted = np.asarray(make_small(policy)(pictures, training=False))
    outputs = load(trained, Load(8)).outputs(pictures)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, wanted, atol=1e-6)


def test_the_precisions_differ(small_folder: Any, pictures: np.ndarray) -> None:
    exact, rough = (load(small_folder("float32"), Load()).outputs(pictures) for load in (load_float32, load_bfloat16))
    assert 1e-5 < np.abs(exact - rough).max() < 0.05


def test_batches_may_have_any_size(small_folder: Any, pictures: np.ndarray) -> None:
    network = load_float32(small_folder("float32"), Load(batch_size=8))
    np.testing.assert_allclose(network.outputs(pictures[:3]), network.outputs(pictures)[:3], atol=1e-6)


def test_a_copy_in_float32_leaves_the_model_alone(make_small: Callable[..., Any], pictures: np.ndarray) -> None:
    model = make_small(BFLOAT16)
    before = np.asarray(model(pictures, training=False))
    copy = in_float32(model)
    assert {layer.compute_dtype for layer in copy._flatten_layers()} == {"float32"}
    np.testing.assert_array_equal(np.asarray(model(pictures, training=False)), before)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"A Keras model was wanted in .*model\.keras"):
        load_float32(tmp_path, Load())
