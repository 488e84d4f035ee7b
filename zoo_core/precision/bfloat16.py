"""bfloat16: float32's range with 8 significant bits, fast on CPUs with AVX512_BF16 or AMX."""

from dataclasses import dataclass
from pathlib import Path

from zoo_core.contract import Load, Network, Plugin
from zoo_core.precision.keras_network import load_bfloat16


@dataclass(frozen=True)
class BFloat16Config:
    """Nothing to set."""


@dataclass(frozen=True)
class BFloat16:
    """Variables in float32, computation in bfloat16.

    Attributes:
        instructions: either makes it fast, as Linux names them in /proc/cpuinfo.
        promise: what its results keep.
    """

    config: BFloat16Config
    instructions: tuple[str, ...] = ("avx512_bf16", "amx_bf16")
    promise: str = (
        "Variables, optimizer state, batch-norm statistics and outputs in float32; between layers 8 significant bits, "
        "float32's range, so that no loss scaling is needed."
    )

    def unavailable(self) -> str | None:
        """None: without the instructions it is slow, not wrong."""
        return None

    def policy(self) -> str:
        """Keras dtype policy of training."""
        return "mixed_bfloat16"

    def load(self, folder: Path, use: Load) -> Network:
        """A trained model, from its `model.keras`; `use` changes nothing, as TensorFlow shares the cores by itself."""
        return load_bfloat16(folder, use)


plugin = Plugin(config=BFloat16Config, create=BFloat16, summary="8 significant bits between layers, float32 elsewhere.")
