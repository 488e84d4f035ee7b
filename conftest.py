"""Fixtures for every test of the repository: where the real data are, and NIH's folder laid out from them."""

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No test is timed: a machine at work is no failure.
settings.register_profile("zoo", deadline=None)
settings.load_profile("zoo")

REPOSITORY = Path(__file__).resolve().parent

NIH_TABLES = {
    "Data_Entry_2017_v2020.csv": "Data_Entry_2017_v2020.csv.gz",
    "BBox_List_2017.csv": "BBox_List_2017.csv.gz",
    "google2019_nih-chest-xray-labels.csv": "google2019_nih-chest-xray-labels.csv.gz",
    "train_val_list.txt": "official_train_val_list.txt.gz",
    "test_list.txt": "official_test_list.txt.gz",
}


@pytest.fixture(scope="session", autouse=True)
def no_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What zoo remembers of the machine (verdicts on plugins, what was tuned) must not decide what a test sees."""
    with pytest.MonkeyPatch.context() as patch:
        # uv's downloads are no memory of zoo's: a test that makes an environment finds them where they are.
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        patch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR", str(cache / "uv")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("memory")))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Finds a folder of real data by name, or skips the test and says which folder it misses."""
    root = Path(os.environ.get("ZOO_TEST_DATA", REPOSITORY.parent / "shared" / "data"))

    def find(name: str) -> Path:
        folder = root / name
        if not folder.is_dir():
            pytest.skip(f"needs the real data in {folder} (set ZOO_TEST_DATA to the folder that holds {name})")
        return folder

    return find


@pytest.fixture(scope="session")
def nih_root(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ROOT as NIH ships it, with the 621 images there are: read only, as every test shares it."""
    images, tables = shared_data("nih_cxr14_621") / "images_256", shared_data("nih_metadata")
    root = tmp_path_factory.mktemp("nih")
    (root / "images").symlink_to(images, target_is_directory=True)
    for name, packed in NIH_TABLES.items():
        (root / name).write_bytes(gzip.decompress((tables / packed).read_bytes()))
    return root


@pytest.fixture
def fails() -> Callable[..., str]:
    """Runs something that must fail with this error, and returns its one line."""

    def run(kind: type[Exception], function: Callable[[], object]) -> str:
        with pytest.raises(kind) as caught:
            function()
        text = str(caught.value)
        assert "\n" not in text  # noqa: S101 - it is part of a test
        return text

    return run
