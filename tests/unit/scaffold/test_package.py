"""A new package is the template of its kind, renamed."""

import ast
import tomllib
from pathlib import Path

import pytest

from zoo_core.contract import GROUPS, ConfigError, OutputError
from zoo_core.scaffold.package import DEVELOPED, create_package

KINDS = ("task", "dataset", "topology", "precision")
LIBRARIES = {"keras", "numpy", "pandas", "zoo-core"}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def package(kind, tmp_path):
    create_package("zoo-lab-own", kind, tmp_path / "own")
    return tmp_path / "own"


def texts_of(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def imported_by(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain | {n.module for n in nodes if isinstance(n, ast.ImportFrom)}}


def test_a_package_holds_its_kind_alone(package, kind):
    assert set(texts_of(package)) == {
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "src/zoo_lab_own/__init__.py",
        "src/zoo_lab_own/py.typed",
        f"src/zoo_lab_own/{kind}.py",
        f"tests/test_{kind}.py",
    }


def test_no_word_of_the_template_is_left(package):
    assert {path for path, text in texts_of(package).items() if "template" in f"{path} {text}".lower()} == set()


def test_nothing_but_names_is_changed(package, kind):
    template = (DEVELOPED / "src" / "zoo_template" / f"{kind}.py").read_text()
    again = (package / "src" / "zoo_lab_own" / f"{kind}.py").read_text()
    again = again.replace("lab-own", f"template-{kind}").replace("LabOwn", f"Template{kind.capitalize()}")
    assert again.replace("zoo_lab_own", "zoo_template") == template


def test_its_entry_point_is_the_one_of_its_kind(package, kind):
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    assert project["name"] == "zoo-lab-own"
    assert project["entry-points"] == {GROUPS[kind]: {"lab-own": f"zoo_lab_own.{kind}:plugin"}}
    assert not {"license", "license-files", "dynamic"} & set(project)


def test_it_depends_on_what_it_imports(package, kind):
    settings = tomllib.loads((package / "pyproject.toml").read_text())
    imported = imported_by((package / "src" / "zoo_lab_own" / f"{kind}.py").read_text())
    needed = {name for name in LIBRARIES if name.replace("-", "_") in imported}
    assert set(settings["project"]["dependencies"]) == needed
    untyped = {module.removesuffix(".*") for one in settings["tool"]["mypy"]["overrides"] for module in one["module"]}
    assert untyped == needed & {"keras", "pandas"}


def test_its_tools_are_set_as_the_templates(package):
    own, template = (tomllib.loads((folder / "pyproject.toml").read_text()) for folder in (package, DEVELOPED))
    for tool in ("ruff", "pytest"):
        assert own["tool"][tool] == template["tool"][tool]
    assert own["tool"]["mypy"]["strict"] is True


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")])
def test_what_is_there_is_left_as_it_is(tmp_path, fails, make):
    folder = tmp_path / "own"
    make(folder)
    assert "which exists" in fails(OutputError, lambda: create_package("lab-own", "task", folder))
    assert list(tmp_path.iterdir()) == [folder]
    assert not folder.is_dir() or list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path, fails):
    (tmp_path / "file").touch()
    assert "can be written" in fails(OutputError, lambda: create_package("lab-own", "task", tmp_path / "file" / "own"))


@pytest.mark.parametrize(
    ("name", "kind"), [("zoo-label", "dataset"), ("zoo-reporting", "task"), ("weights", "topology")]
)
def test_a_name_that_the_module_uses_is_refused_and_nothing_is_written(tmp_path, fails, name, kind):
    assert "would hide" in fails(ConfigError, lambda: create_package(name, kind, tmp_path / "own"))
    assert list(tmp_path.iterdir()) == []
