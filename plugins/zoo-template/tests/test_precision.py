from pathlib import Path

import numpy as np
import pytest
from zoo_core.contract import DataError, Load, PrecisionBackend
from zoo_core.testing import PrecisionBackendTests

from zoo_template.precision import TemplatePrecision, TemplatePrecisionConfig, stored


class TestTemplatePrecision(PrecisionBackendTests):
    """The checks that every precision passes."""

    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls) -> PrecisionBackend:
        return TemplatePrecision(TemplatePrecisionConfig())


def test_kernels_are_stored_in_float16_where_it_has_their_values() -> None:
    assert stored(np.ones((2, 3), np.float32)).dtype == np.float16
    assert stored(np.full((2, 3), 1e6, np.float32)).dtype == np.float32
    assert stored(np.ones(3, np.float32)).dtype == np.float32


def test_a_damaged_network_is_refused(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((5, 7, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    backend = TemplatePrecision(TemplatePrecisionConfig())
    backend.convert(model, np.zeros((1, 5, 7, 1), np.float32), tmp_path)
    (tmp_path / "layers.json").write_text("{}")
    with pytest.raises(DataError, match="needs a network"):
        backend.load(tmp_path, Load())
