"""Each folder of `plugins/` and `datasets/` is a distribution that can be built, and that carries what it must."""

import email
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import zoo_core
from pins import project_files

PROJECTS = [path.parent for path in project_files()]


@pytest.fixture(scope="module", params=PROJECTS, ids=lambda project: project.name)
def project(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def built(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the source archive, and the wheel that was built from that archive far from this repository."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, project]
    subprocess.run(build, capture_output=True, check=True)
    return folder


def metadata_of(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_a_wheel_built_from_the_source_archive_has_the_one_version(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert metadata_of(wheel)["Version"] == zoo_core.__version__


def test_a_wheel_carries_the_licence_and_its_types(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = names_in(wheel)
    assert metadata_of(wheel)["License-Expression"] == "Apache-2.0"
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    assert [name for name in names if name.endswith("/py.typed")]


def test_a_wheel_holds_its_own_package_and_nothing_else(built: Path, project: Path) -> None:
    (wheel,) = built.glob("*.whl")
    folders = {name.split("/")[0] for name in names_in(wheel)}
    package = tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"].replace("-", "_")
    assert folders == {package, f"{package}-{zoo_core.__version__}.dist-info"}


def test_the_core_and_no_other_ships_every_file_of_the_template(
    built: Path, project: Path, root: Path, kept_files: list[Path]
) -> None:
    (wheel,) = built.glob("*.whl")
    start, template = "zoo_core/scaffold/template/", root / "plugins" / "zoo-template"
    shipped = {name.removeprefix(start) for name in names_in(wheel) if name.startswith(start)}
    kept = {str(path.relative_to(template)) for path in kept_files if path.is_relative_to(template)}
    assert shipped == (kept if project == root else set())


def test_a_source_archive_holds_no_file_of_another_distribution(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = [name.split("/", 1)[1] for name in tar.getnames()]
    assert [name for name in names if name.startswith(("plugins/", "datasets/"))] == []


def test_every_distribution_has_the_same_licence_text(root: Path, project: Path) -> None:
    assert (project / "LICENSE").read_text() == (root / "LICENSE").read_text()


def test_a_folder_bears_the_name_of_its_distribution(root: Path, project: Path) -> None:
    name = tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"]
    assert name == ("zoo-core" if project == root else project.name)


def test_a_distribution_takes_its_version_from_one_place(root: Path, project: Path) -> None:
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    assert settings["project"]["dynamic"] == ["version"]
    assert (project / settings["tool"]["hatch"]["version"]["path"]).resolve() == root / "zoo_core" / "__init__.py"
