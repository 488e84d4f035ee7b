"""The import linter's rules hold, and each of them catches a module that breaks it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LIARS = {
    "upwards": ("layers", "zoo_core/data/liar.py", "import zoo_core.runtime\n"),
    "neighbours": ("layers", "zoo_core/models/liar.py", "import zoo_core.data\n"),
    "new folder": ("layers", "zoo_core/liar/__init__.py", ""),
    "heavy contract": ("light-contract", "zoo_core/contract/liar.py", "def f():\n    import keras\n"),
    "heavy at second hand": ("light-contract", "zoo_core/api/liar.py", "import zoo_core.data.liar\n"),
    "heavy plugin finder": ("light-contract", "zoo_core/plugins/liar.py", "import tensorflow as tf\n"),
    "models made public": ("public-functions", "zoo_core/api/liar.py", "import zoo_core.models\n"),
    "second user of Horovod": ("one-horovod", "zoo_core/runtime/liar.py", "import horovod.tensorflow as hvd\n"),
    "Horovod in a plugin": ("one-horovod", "zoo_radiology/liar.py", "import horovod.tensorflow as hvd\n"),
    "plugin behind the contract": ("plugin-side", "zoo_radiology/liar.py", "import zoo_core.data.images\n"),
    "adapter behind the contract": ("plugin-side", "zoo_data_chestxray14/liar.py", "import zoo_core.runtime\n"),
    "a favourite plugin": ("no-favourites", "zoo_core/runtime/liar.py", "import zoo_radiology\n"),
    "a task with its own data": ("strangers", "zoo_radiology/liar.py", "import zoo_data_chestxray14\n"),
}
EXTRA_FILES = {"heavy at second hand": ("zoo_core/data/liar.py", "import keras_cv\n")}


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """The packages and the linter's configuration, side by side in a temporary folder."""
    shutil.copy(root / "pyproject.toml", tmp_path)
    for package in [root / "zoo_core", *root.glob("plugins/*/src/*"), *root.glob("datasets/*/src/*")]:
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    # `api` as a package, so that a liar can be added beside what is there.
    (tmp_path / "zoo_core" / "api").mkdir()
    (tmp_path / "zoo_core" / "api.py").rename(tmp_path / "zoo_core" / "api" / "__init__.py")
    return tmp_path


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def rules(root: Path) -> dict[str, str]:
    """The linter's rules: names by id."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract["name"] for contract in contracts}


def test_the_house_keeps_its_rules(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("liar", LIARS)
def test_a_module_that_breaks_a_rule_is_caught(copy: Path, liar: str) -> None:
    rule, path, source = LIARS[liar]
    for file, text in filter(None, [(path, source), EXTRA_FILES.get(liar)]):
        (copy / file).parent.mkdir(exist_ok=True)
        (copy / file).write_text(text)
    result = lint(copy, "--contract", rule)
    assert result.returncode == 1
    assert "liar" in result.stdout
    assert "0 kept, 1 broken" in result.stdout


def test_every_rule_has_a_liar(root: Path) -> None:
    assert {rule for rule, _, _ in LIARS.values()} == set(rules(root))


def test_every_distribution_is_linted(root: Path) -> None:
    linter = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {path.name for path in [*root.glob("plugins/*/src/*"), *root.glob("datasets/*/src/*")] if path.is_dir()}
    assert {*linter["root_packages"]} == {"zoo_core", *packages}
