"""The page on tables explains every key of a description."""

import re
from pathlib import Path

import pytest

from zoo_data_table.description import Description, LabelSection, Section

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "own-table.md"


def keys() -> list[str]:
    found = []
    for name, field in Description.model_fields.items():
        section = next(
            (s for s in Section.__subclasses__() if s is not Description and s.__name__ in repr(field)), None
        )
        inner = LabelSection if name == "labels" else section
        if name == "metadata":
            found.append("metadata.NAME")
        elif inner is None:
            found.append(name)
        else:
            found += [f"{name}.NAME.{key}" if name == "labels" else f"{name}.{key}" for key in inner.model_fields]
    return found


def test_every_key_is_explained() -> None:
    if not PAGE.is_file():
        pytest.skip(f"needs the page {PAGE}")
    explained = set(re.findall(r"`([a-z_]+(?:\.[A-Za-z_]+)*)`", PAGE.read_text(encoding="utf-8")))
    assert len(keys()) > 30
    assert [key for key in keys() if key not in explained] == []
