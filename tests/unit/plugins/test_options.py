"""What can be set is read from the configuration class."""

from dataclasses import dataclass, field
from typing import Literal

from zoo_core.plugins import Option, describe_options


@dataclass(frozen=True)
class Config:
    """What can be set.

    Attributes:
        size_px: edge of the square
            that the network sees: never its area.
        mode: "a" or "b".

        names: in the order of outputs.

    More text, with a word: and a colon.
    """

    size_px: int = 224
    mode: Literal["a", "b"] = "a"
    names: tuple[str, ...] = field(default_factory=lambda: ("x", "y"))
    unsaid: float | None = None


@dataclass(frozen=True)
class Undocumented:
    rate: float = 0.5


@dataclass(frozen=True)
class Empty:
    """Nothing can be set."""


def test_options_have_name_type_default_and_doc_in_the_order_of_the_class() -> None:
    assert describe_options(Config) == (
        Option("size_px", "int", 224, "edge of the square that the network sees: never its area."),
        Option("mode", "Literal['a', 'b']", "a", '"a" or "b".'),
        Option("names", "tuple[str, ...]", ("x", "y"), "in the order of outputs."),
        Option("unsaid", "float | None", None, ""),
    )


def test_a_class_without_docstring_has_options_without_docs() -> None:
    assert describe_options(Undocumented) == (Option("rate", "float", 0.5, ""),)


def test_a_class_without_fields_has_no_options() -> None:
    assert describe_options(Empty) == ()
