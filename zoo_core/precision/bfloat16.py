"""bfloat16: float32's range with 8 significant bits, fast on CPUs with AVX512_BF16 or AMX."""

from dataclasses import dataclass

from zoo_core.contract import Plugin


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


plugin = Plugin(config=BFloat16Config, create=BFloat16, summary="8 significant bits between layers, float32 elsewhere.")
