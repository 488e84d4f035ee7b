"""A distribution declares what it imports, and imports what it declares."""

import ast
import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pins import normalise, project_files

NOT_IMPORTED = {
    "tensorboard": "tf.summary writes nothing without it",
}
"""Dependencies that no line imports, with what they are for."""

OPTIONAL = {"ai-edge-litert", "anndata", "horovod", "pydicom"}
"""Of an extra: imported where it is there."""

PROJECTS = [path.parent for path in project_files()]


@pytest.fixture(params=PROJECTS, ids=lambda project: project.name)
def project(request: pytest.FixtureRequest) -> Path:
    return request.param


def declared_by(project: Path) -> set[str]:
    settings = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    return {normalise(Requirement(line).name) for line in settings["dependencies"]}


def imported_by(project: Path, root: Path) -> set[str]:
    """Distributions that a project's own code imports, itself excluded."""
    package = root / "zoo_core" if project == root else next(path for path in project.glob("src/*") if path.is_dir())
    names = {name for file in package.rglob("*.py") for name in imported_names(file.read_text())}
    providers = importlib.metadata.packages_distributions()
    foreign = names - sys.stdlib_module_names - {package.name}
    return {normalise(provider) for name in foreign for provider in set(providers.get(name, [name]))}


def imported_names(source: str) -> set[str]:
    """Top-level modules that a source text imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_everything_imported_is_declared(project: Path, root: Path) -> None:
    assert imported_by(project, root) - declared_by(project) - OPTIONAL == set()


def test_everything_declared_is_imported(project: Path, root: Path) -> None:
    assert declared_by(project) - imported_by(project, root) - set(NOT_IMPORTED) == set()


def test_imports_are_seen_wherever_they_stand() -> None:
    assert imported_names("import a.b\ndef f():\n    from c.d import e\n    from . import g\n") == {"a", "c"}
