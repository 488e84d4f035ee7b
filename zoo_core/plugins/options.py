"""What of a plugin can be set, read from its configuration class."""

import dataclasses
import inspect
import re
from typing import Any


@dataclasses.dataclass(frozen=True)
class Option:
    """One field of a configuration class.

    Attributes:
        name: key in a TOML file and for `--set`.
        type: as written in the class.
        default: its value.
        doc: what the class's docstring says of it under `Attributes:`; empty where it says nothing.
    """

    name: str
    type: str
    default: Any
    doc: str


def describe_options(config: type) -> tuple[Option, ...]:
    """The fields of a configuration class, in their order.

    Args:
        config: a dataclass whose fields have defaults.

    >>> @dataclasses.dataclass(frozen=True)
    ... class Config:
    ...     '''What can be set.
    ...
    ...     Attributes:
    ...         size_px: edge of
    ...             the square.
    ...     '''
    ...     size_px: int = 224
    >>> describe_options(Config)
    (Option(name='size_px', type='int', default=224, doc='edge of the square.'),)
    """
    docs = _attribute_docs(inspect.getdoc(config) or "")
    defaults = config()
    return tuple(
        Option(field.name, _type_text(field.type), getattr(defaults, field.name), docs.get(field.name, ""))
        for field in dataclasses.fields(config)
    )


def _type_text(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _attribute_docs(docstring: str) -> dict[str, str]:
    """Text of each entry of a Google docstring's `Attributes:` section, on one line each."""
    _, _, section = f"\n{docstring}\n".partition("\nAttributes:\n")
    section = re.split(r"\n(?=\S)", section, maxsplit=1)[0]
    entries = re.split(r"\n {4}(?=\w+:)", f"\n{section}")[1:]
    pairs = (entry.partition(":") for entry in entries)
    return {name: " ".join(text.split()) for name, _, text in pairs}
