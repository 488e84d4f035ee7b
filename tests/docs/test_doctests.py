"""Examples in docstrings are right."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE_FOLDERS = [ROOT, ROOT / "tools", *ROOT.glob("plugins/*/src"), *ROOT.glob("datasets/*/src")]
"""Each stands on the path."""


def module_names() -> list[str]:
    """Modules whose docstrings hold an example."""
    names = []
    for folder in SOURCE_FOLDERS:
        files = (folder / "zoo_core").rglob("*.py") if folder == ROOT else folder.rglob("*.py")
        holders = [path for path in files if ">>> " in path.read_text()]
        names += [".".join(path.relative_to(folder).with_suffix("").parts) for path in holders]
    return sorted(names)


@pytest.mark.parametrize("name", module_names())
def test_every_example_of_a_module_gives_what_it_says(name: str) -> None:
    module = importlib.import_module(name.removesuffix(".__init__"))
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted
    assert not result.failed


def test_examples_are_found() -> None:
    assert "pins" in module_names()
    assert any(name.startswith("zoo_core.") for name in module_names())
