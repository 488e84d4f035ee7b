"""What no file of the repository may hold."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_KEPT_BYTES = 2**20

# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(
    "|".join([re.escape(f"{Path.home()}/"), re.escape(f"{ROOT}/"), "/" + "work/", "/" + "tmp/hvd"])
)
REGISTRY_HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "python" + r"hosted\.", "/" + "opt/pypi", "conda" + r"\.anaconda\."])
)


def holders(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    texts = {path: path.read_bytes().decode(errors="ignore") for path in files}
    return [f"{path}: {found[0]}" for path, text in texts.items() if (found := pattern.search(text))]


def test_no_file_names_a_path_of_one_machine(kept_files: list[Path]) -> None:
    assert holders(kept_files, MACHINE_PATHS) == []


def test_no_file_names_a_package_registry(kept_files: list[Path]) -> None:
    assert holders(kept_files, REGISTRY_HOSTS) == []


def test_a_machine_path_and_a_registry_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "liar").write_text(f"see {ROOT}/x and https://" + "pypi" + ".org/simple")
    assert holders([tmp_path / "liar"], MACHINE_PATHS)
    assert holders([tmp_path / "liar"], REGISTRY_HOSTS)


def test_no_kept_file_is_large(root: Path, kept_files: list[Path]) -> None:
    assert [path for path in kept_files if path.stat().st_size > MAX_KEPT_BYTES] == []


def test_nothing_is_both_kept_and_ignored(root: Path, kept_files: list[Path]) -> None:
    made = {".venv", ".cache", "__pycache__", "site", "runs"}
    assert [path for path in kept_files if made & {*path.relative_to(root).parts}] == []
