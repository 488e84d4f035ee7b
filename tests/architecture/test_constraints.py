"""constraints.txt pins what was tested together, and nothing else."""

import importlib.metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from pins import direct_requirements, installed_closure, normalise, read_pins

OLDEST_PYTHON = "3.11.2"
"""Debian 12's."""


@pytest.fixture(scope="module")
def pins(root: Path) -> dict[str, str]:
    return read_pins(root / "constraints.txt")


def test_every_line_is_a_name_and_a_version_in_order(root: Path, pins: dict[str, str]) -> None:
    lines = (root / "constraints.txt").read_text().splitlines()
    assert lines == [f"{name}=={version}" for name, version in sorted(pins.items())]


@pytest.mark.parametrize(
    "line", ["horovod @ file:///x.whl", "-e .", "keras>=3", "keras==3.1 --hash=sha256:0", "Keras==3.1", ""]
)
def test_a_line_that_is_more_than_a_name_and_a_version_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "constraints.txt"
    path.write_text(f"click==8.1\n{line}\n")
    with pytest.raises(ValueError, match="line 2"):
        read_pins(path)


def test_every_direct_dependency_is_pinned(pins: dict[str, str]) -> None:
    wanted = {normalise(requirement.name) for requirement in direct_requirements()}
    assert {"click", "pytest", "horovod", "uv"} <= wanted
    assert wanted - set(pins) == set()


def test_every_pin_fits_what_the_distributions_ask_for(pins: dict[str, str]) -> None:
    unfit = [r for r in direct_requirements() if not r.specifier.contains(pins[normalise(r.name)], prereleases=True)]
    assert unfit == []


def test_the_pins_are_what_is_installed_here(pins: dict[str, str]) -> None:
    installed = {name: version for name in pins if (version := _installed(name)) is not None}
    assert {name: version for name, version in installed.items() if version != pins[name]} == {}


def test_the_pins_are_the_closure_of_the_dependencies(pins: dict[str, str]) -> None:
    if _installed("horovod") is None:
        pytest.skip("needs an environment with Horovod: make setup")
    assert installed_closure() == pins


def test_every_pin_runs_on_the_oldest_python_that_is_supported(pins: dict[str, str]) -> None:
    wanted = {name: _metadata(name, "Requires-Python") for name in pins if _installed(name) is not None}
    assert [name for name, versions in wanted.items() if OLDEST_PYTHON not in SpecifierSet(versions or "")] == []


def test_no_second_framework_slips_in(pins: dict[str, str]) -> None:
    assert {"torch", "jax", "tensorflow"} & set(pins) == set()


def _metadata(name: str, field: str) -> str | None:
    return importlib.metadata.metadata(name).get(field)


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
