"""float32: the reference that every other precision is measured against."""

from dataclasses import dataclass
from pathlib import Path

from zoo_core.contract import Load, Network, Plugin
from zoo_core.precision.keras_network import load_float32


@dataclass(frozen=True)
class Float32Config:
    """Nothing to set."""


@dataclass(frozen=True)
class Float32:
    """Variables and computation in float32.

    Attributes:
        instructions: none: every CPU is made for it.
        promise: what its results keep.
    """

    config: Float32Config
    instructions: tuple[str, ...] = ()
    promise: str = "The reference: 24 significant bits in variables and computation."

    def unavailable(self) -> str | None:
        """None: it works everywhere."""
        return None

    def policy(self) -> str:
        """Keras dtype policy of training."""
        return "float32"

    def load(self, folder: Path, use: Load) -> Network:
        """A trained model, from its `model.keras`; `use` changes nothing, as TensorFlow shares the cores by itself."""
        return load_float32(folder, use)


plugin = Plugin(config=Float32Config, create=Float32, summary="24 significant bits everywhere: the reference.")
