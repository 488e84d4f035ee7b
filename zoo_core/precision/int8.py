"""int8: weights and activations in 8 bits, by OpenVINO and NNCF; fast on CPUs with VNNI or AMX."""

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Control, Load, Network, Plugin
from zoo_core.precision.openvino_network import OpenVINONetwork, compile_cache

LIBRARIES = ("openvino", "nncf")


@dataclass(frozen=True)
class Int8Config:
    """Nothing to set."""


@dataclass(frozen=True)
class Int8:
    """Post-training quantization to 8 bits.

    Attributes:
        instructions: any makes it fast, as Linux names them in /proc/cpuinfo.
        promise: what its results keep.
    """

    config: Int8Config
    instructions: tuple[str, ...] = ("avx512_vnni", "avx_vnni", "amx_int8")
    promise: str = (
        "Products of 8 bits, summed without loss on every CPU; all else in float32. What that costs a model is "
        "measured when it is converted, and a model that loses too much is refused."
    )

    def unavailable(self) -> str | None:
        """None, or which library is missing."""
        return why_missing(LIBRARIES, "zoo-core")

    def load(self, folder: Path, use: Load) -> Network:
        """A converted network; what OpenVINO compiles is kept, and the same network loads faster the next time.

        Raises:
            DataError: a file is missing or damaged.
        """
        return OpenVINONetwork(folder, use, compile_cache())

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Mapping[str, Any]:
        """Write `network.xml` and `network.bin`."""
        from zoo_core.precision import quantizing

        return quantizing.convert(model, calibration, folder)

    def convert_within(
        self, model: Any, calibration: np.ndarray, control: Control, folder: Path
    ) -> Mapping[str, Any] | None:
        """The same, with layers left in float32, one after the other, until nothing is beyond the limits."""
        from zoo_core.precision import quantizing

        return quantizing.convert_within(model, calibration, control, folder)


def why_missing(libraries: Iterable[str], requirement: str) -> str | None:
    """None where all of some libraries can be imported, or which cannot, with what to install."""
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    return f"{' and '.join(missing)} cannot be imported: 'pip install {requirement}'" if missing else None


plugin = Plugin(config=Int8Config, create=Int8, summary="8 bits in products, for inference, by OpenVINO and NNCF.")
