"""What a precision backend owes: the dtype policy of training, and whether this machine can do it."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class PrecisionBackend(Protocol):
    """One numeric precision.

    Attributes:
        instructions: CPU flags, as the operating system names them, any one of which makes this precision fast.
        promise: what its results keep of float32's, in words.
    """

    @property
    def instructions(self) -> tuple[str, ...]: ...
    @property
    def promise(self) -> str: ...

    def unavailable(self) -> str | None:
        """None, or why it cannot be used here."""
        ...

    def policy(self) -> str:
        """Keras dtype policy of training, such as "mixed_bfloat16"."""
        ...
