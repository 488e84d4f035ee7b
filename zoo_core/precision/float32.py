"""float32: the reference that every other precision is measured against."""

from dataclasses import dataclass

from zoo_core.contract import Plugin


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


plugin = Plugin(config=Float32Config, create=Float32, summary="24 significant bits everywhere: the reference.")
