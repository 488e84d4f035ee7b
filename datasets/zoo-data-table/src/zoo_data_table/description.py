"""What a laboratory says of its table in TOML: every key, checked before a file is looked at."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from zoo_core.contract import ConfigError
from zoo_data_table.inside import plain_path

FACTS = ("photometric", "laterality", "view_position")
"""Of a DICOM header, what can become metadata."""

LEAST_SALT = 8
"""Characters: fewer could be tried out."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$", max_length=80)]


class Section(BaseModel):
    """A section: it holds its own keys and no other."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CardSection(Section):
    """What a reader of a result must know."""

    title: str = ""
    summary: str = "Images of a laboratory's own table."
    licence: str = "not stated"
    citation: str = "not stated"
    label_source: str = "The table's columns: as good as whoever filled them."
    drawn: bool = False
    notes: tuple[str, ...] = ()
    group_namespace: str = ""


class FileSection(Section):
    """Which file a row is, and how it is read."""

    column: str
    prefix: str = ""
    suffix: str = ""
    format: Literal["auto", "picture", "numpy", "zarr", "dicom"] = "auto"
    path_inside: str = ""


class ImageSection(Section):
    """What comes out, the same for every file."""

    channels: Literal["grey", "rgb"] = "grey"
    bits: Literal[8, 16] = 8
    range: tuple[float, float] | None = None


class GroupSection(Section):
    """Which rows belong to one patient, plant or plate."""

    column: str
    name: Name = "group"


class SplitSection(Section):
    """Which part of a split a row is in."""

    column: str
    name: str = "given"
    train: tuple[str, ...] = ("train", "training")
    validation: tuple[str, ...] = ("validation", "valid", "val", "dev")
    test: tuple[str, ...] = ("test", "testing")


class LabelSection(Section):
    """One thing that is known of an example."""

    column: str
    kind: Literal["binary", "class", "value"] = "binary"
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    uncertain: Literal["ignore", "zero", "one"] = "ignore"
    classes: tuple[str, ...] = ()
    unit: str = ""


class DicomSection(Section):
    """What of DICOM headers becomes metadata."""

    metadata: tuple[Literal["photometric", "laterality", "view_position"], ...] = ()


def _as_section(value: Any) -> Any:
    """A column alone stands for a section with a column."""
    return {"column": value} if isinstance(value, str) else value


Column = BeforeValidator(_as_section)


class Description(Section):
    """A whole file.

    Attributes:
        dataset: `table`, by which `zoo data check FILE` knows the adapter.
        table: CSV or parquet, from the folder of the TOML file on.
        root: folder of the images, from the folder of the TOML file on.
        encoding: of the CSV; empty for UTF-8, or Windows-1252 where it is no UTF-8.
        separator: between cells of the CSV; empty for the one that fits its first lines.
        salt: that identifiers are hashed with; empty for the file beside the TOML file.
    """

    dataset: Literal["table"]
    table: str
    root: str = "."
    encoding: str = ""
    separator: Literal["", ",", ";", "\t", "|"] = ""
    salt: str = ""
    file: Annotated[FileSection, Column]
    labels: Mapping[str, Annotated[LabelSection, Column]]
    card: CardSection = CardSection()
    image: ImageSection = ImageSection()
    group: Annotated[GroupSection | None, Column] = None
    split: Annotated[SplitSection | None, Column] = None
    metadata: Mapping[Name, str] = {}
    dicom: DicomSection = DicomSection()


def read_description(path: Path) -> Description:
    """Read and check a TOML file.

    Args:
        path: the file.
    Raises:
        ConfigError: the file cannot be read or is no TOML, a key is unknown or missing, or a value does not fit.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"Data set 'table' needs a TOML file that can be read. Received: '{path}' ({error.strerror}): "
            "'zoo data init TABLE' writes one"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"Data set 'table' needs a TOML file. Received: '{path}' ({error})") from error
    try:
        described = Description.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {_reason(error.errors()[0])}") from error
    if reason := _contradiction(described):
        raise ConfigError(f"{path.name}: {reason}")
    return described


def _reason(error: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        known = _keys_of(error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known there: {', '.join(known)}"
        return f"there is no key '{key}': {hint}"
    if error["type"] == "missing":
        return f"key '{key}' is missing"
    return f"key '{key}': {' '.join(str(error['msg']).split())}. Received: {error['input']!r}"


def _keys_of(location: tuple[Any, ...]) -> list[str]:
    sections: dict[str, type[Section]] = {
        "card": CardSection,
        "file": FileSection,
        "image": ImageSection,
        "group": GroupSection,
        "split": SplitSection,
        "labels": LabelSection,
        "dicom": DicomSection,
    }
    return list((sections[str(location[0])] if location else Description).model_fields)


def _contradiction(described: Description) -> str | None:
    """What a file says against itself; None where it says nothing."""
    if not described.labels:
        return '[labels] needs a label at least, such as Effusion = "Effusion"'
    if described.salt and len(described.salt) < LEAST_SALT:
        return f"key 'salt' needs {LEAST_SALT} characters at least. Received: {len(described.salt)}"
    if described.image.range and not described.image.range[0] < described.image.range[1]:
        return f"key 'image.range' needs two numbers, the smaller first. Received: {list(described.image.range)}"
    if described.file.path_inside and plain_path(described.file.path_inside) is None:
        return f"key 'file.path_inside' needs a path down from the store. Received: '{described.file.path_inside}'"
    twice = set(described.metadata) & {*described.dicom.metadata, *_own_names(described)}
    if twice:
        return f"'{min(twice)}' is the name of two columns of metadata: rename one"
    return next(filter(None, (_contradiction_of(*item) for item in described.labels.items())), None)


def _own_names(described: Description) -> tuple[str, str]:
    """Names of metadata that the adapter itself gives."""
    return "table_row", described.group.name if described.group else "file"


def _contradiction_of(name: str, label: LabelSection) -> str | None:
    given = [key for key in ("positive", "negative", "uncertain", "classes", "unit") if key in label.model_fields_set]
    fitting = {"binary": ("positive", "negative", "uncertain"), "class": ("classes",), "value": ("unit",)}[label.kind]
    wrong = [key for key in given if key not in fitting]
    if wrong:
        return f"key 'labels.{name}.{wrong[0]}' is of another kind than {label.kind}: leave it out, or change the kind"
    both = set(label.positive) & set(label.negative)
    if both:
        return f"'{min(both)}' is in labels.{name}.positive and in .negative: leave it out of one"
    if len(set(label.classes)) < len(label.classes) or len(label.classes) == 1:
        return f"key 'labels.{name}.classes' needs two different names at least. Received: {list(label.classes)}"
    return None
