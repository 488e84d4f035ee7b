"""Data set medmnist: what a file must hold, what is made of it, and what a mistake is told."""

import io
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zoo_core.contract import ConfigError, DataError, MachineError
from zoo_data_medmnist import npz_file
from zoo_data_medmnist.facts import FACTS, SIZES_PX, SOLID, address, checksum, file_name
from zoo_data_medmnist.medmnist import MedMNIST, MedMNISTConfig

COUNTS = {"train": 5, "val": 3, "test": 2}

Fails = Callable[..., str]


def arrays(n_channels: int = 1, n_labels: int = 1, most: int = 1) -> dict[str, np.ndarray]:
    """A small file's, as MedMNIST lays them out: 7 x 5 px."""
    random, made = np.random.default_rng(0), {}
    channels = () if n_channels == 1 else (n_channels,)
    for part, n in COUNTS.items():
        made[f"{part}_images"] = random.integers(0, 256, (n, 7, 5, *channels), np.uint8)
        made[f"{part}_labels"] = np.arange(n * n_labels, dtype=np.uint8).reshape(n, n_labels) % (most + 1)
    return made


def write(folder: Path, name: str = "pneumoniamnist", **changes: np.ndarray | None) -> Path:
    facts = FACTS.get(name, FACTS["pneumoniamnist"])
    most = len(facts.labels[0].class_names or (0, 1)) - 1
    made = arrays(facts.n_channels, len(facts.labels), most) | changes
    path = folder / f"{name}.npz"
    np.savez_compressed(path, **{key: value for key, value in made.items() if value is not None})
    return path


def opened(path: Path, **options: object) -> MedMNIST:
    return MedMNIST(MedMNISTConfig(root=str(path), **options))  # type: ignore[arg-type] # of the tests' own choice


@pytest.mark.parametrize("name", FACTS)
def test_every_data_set_is_read_as_its_labels_say(name: str, tmp_path: Path) -> None:
    data, facts = opened(write(tmp_path, name)), FACTS[name]
    index = data.index()
    assert index["split"].value_counts().to_dict() == {"train": 5, "validation": 3, "test": 2}
    assert index["example_id"].is_unique
    assert [f"label.{label.name}" for label in data.labels] == [c for c in index if c.startswith("label.")]
    assert data.specs[0].shape == data.read(9)["image"].shape == (7, 5, facts.n_channels)
    assert facts.title in data.card.title


@pytest.mark.parametrize("name", ["pneumoniamnist", "bloodmnist"])
def test_rows_are_the_files_own_images_part_by_part(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name)
    data = opened(path)
    with np.load(path) as file:
        wanted = [image for part in COUNTS for image in file[f"{part}_images"]]
    for i, image in enumerate(wanted):
        np.testing.assert_array_equal(data.read(i)["image"].squeeze(), image)
    for i in (-1, 10):
        with pytest.raises(IndexError, match=f"rows 0 to 9. Received: {i}"):
            data.read(i)


def test_a_file_too_large_for_the_memory_is_unpacked_once_and_reads_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    wanted = [opened(path).read(i)["image"] for i in range(10)]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(npz_file, "MOST_IN_MEMORY_BYTES", 100)
    for _ in range(2):
        mapped = opened(path)
        np.testing.assert_array_equal([mapped.read(i)["image"] for i in range(10)], wanted)
    unpacked = sorted(file.name for file in (tmp_path / "cache").rglob("*.npy"))
    assert unpacked == ["test_images.npy", "train_images.npy", "val_images.npy"]
    assert mapped.read(0)["image"].flags.writeable


def test_another_process_gets_the_same_without_the_images_being_sent(tmp_path: Path) -> None:
    data = opened(write(tmp_path))
    data.read(0)
    sent = pickle.dumps(data)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).read(7)["image"], data.read(7)["image"])  # noqa: S301 - our own


def test_malignant_is_what_is_present_of_breastmnist(tmp_path: Path) -> None:
    labels = opened(write(tmp_path, "breastmnist")).index()["label.malignant"]
    assert labels.iloc[:5].tolist() == [1, 0, 1, 0, 1]  # in the file 0 1 0 1 0


def test_a_folder_holds_the_file_under_its_published_name(tmp_path: Path, fails: Fails) -> None:
    write(tmp_path)
    assert len(opened(tmp_path, file="pneumoniamnist").index()) == 10
    text = fails(DataError, opened(tmp_path, file="pneumoniamnist", size_px=64).index)
    assert "pneumoniamnist_64.npz" in text


def test_a_local_file_is_not_the_published_one_and_the_card_says_so(tmp_path: Path) -> None:
    notes = " ".join(opened(write(tmp_path)).card.notes)
    for words in ("not the published one", "Published are 4,708, 524 and 624", "names no patients"):
        assert words in notes


def test_the_real_file_is_whole(shared_data: Callable[[str], Path]) -> None:
    data = opened(shared_data("pneumoniamnist"), file="pneumoniamnist")
    counts = data.index()["split"].value_counts()
    assert tuple(counts[["train", "validation", "test"]]) == FACTS["pneumoniamnist"].n_examples
    assert data.read(0)["image"].shape == (28, 28, 1)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    path.write_bytes(b"no archive at all")


def flip_bits(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200:240] = bytes(40)
    path.write_bytes(bytes(content))


def pickled(path: Path) -> None:
    made: dict[str, np.ndarray] = arrays() | {"val_labels": np.array([[{}], [1], [1]], dtype=object)}
    np.savez(path, **made)  # type: ignore[arg-type] # numpy's stub sees its option allow_pickle


def lying(path: Path) -> None:
    """An archive whose array says it is longer than it is."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (5, 999, 999)})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["train_images.npy"] = header.getvalue() + bytes(7)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("damage", [cut, scribble, flip_bits, pickled, lying])
def test_a_damaged_file_is_told_in_one_line(damage: Callable[[Path], None], tmp_path: Path, fails: Fails) -> None:
    path = write(tmp_path)
    damage(path)
    data = opened(path)

    def use() -> None:
        data.index()
        data.read(0)

    assert str(path) in fails(DataError, use)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"val_labels": None}, "'val_labels' is missing"),
        ({"val_images": np.zeros((3, 7, 5), np.float32)}, r"val_images \(example, y, x\).* float32"),
        ({"val_images": np.zeros((3, 7), np.uint8)}, r"shape \(3, 7\)"),
        ({"val_images": np.zeros((3, 9, 9), np.uint8)}, "images of one size"),
        ({"test_images": np.zeros((0, 7, 5), np.uint8), "test_labels": np.zeros((0, 1), np.uint8)}, "at least one"),
        ({"val_labels": np.zeros((4, 1), np.uint8)}, "of 3 examples"),
        ({"val_labels": np.zeros((3, 1), np.float32)}, "whole numbers.* float32"),
        ({"val_labels": np.full((3, 1), 2, np.uint8)}, "from 0 to 1. Received: 1 from 0 to 2"),
        ({f"{part}_labels": np.zeros((n, 2), np.uint8) for part, n in COUNTS.items()}, "has 1 label.* Received: 2"),
        ({f"{part}_images": np.zeros((n, 7, 5, 3), np.uint8) for part, n in COUNTS.items()}, "1 channels. Received: 3"),
        ({f"{part}_images": np.zeros((n, 9, 9, 9), np.uint8) for part, n in COUNTS.items()}, "holds volumes"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    changes: dict[str, np.ndarray | None], words: str, tmp_path: Path, fails: Fails
) -> None:
    assert re.search(words, fails(DataError, opened(write(tmp_path, **changes)).index))


def test_a_size_that_the_file_does_not_have_is_refused(tmp_path: Path, fails: Fails) -> None:
    assert "Received: 7 x 5 px" in fails(DataError, opened(write(tmp_path), size_px=64).index)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"file": "pneumoniamnst"}, "did you mean 'pneumoniamnist'"),
        ({"file": "../pneumoniamnist"}, "needs one of: pathmnist"),
        ({"file": SOLID[0]}, "which holds volumes"),
        ({"file": "pathmnist", "size_px": 32}, "one of 28, 64, 128, 224"),
    ],
)
def test_names_and_sizes_that_are_not_published_are_refused(
    options: dict[str, object], words: str, fails: Fails
) -> None:
    assert words in fails(ConfigError, lambda: MedMNISTConfig(**options))  # type: ignore[arg-type] # mistakes


def test_a_file_of_another_name_needs_to_be_told_what_it_is(tmp_path: Path, fails: Fails) -> None:
    path = write(tmp_path, "mine")
    assert "or else data.file" in fails(ConfigError, opened(path).index)
    assert len(opened(path, file="pneumoniamnist").index()) == 10
    assert "not there" in fails(DataError, opened(tmp_path / "pneumoniamnist.npz").index)


def test_without_a_file_nothing_is_read_and_the_names_are_told(fails: Fails) -> None:
    data = MedMNIST(MedMNISTConfig())
    assert (data.labels, data.specs[0].axes) == ((), ("y", "x", "c"))
    assert "pneumoniamnist" in data.card.summary
    assert "--set data.file=NAME" in fails(DataError, data.index)


def test_a_published_file_with_another_checksum_is_refused_with_address_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Fails
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = tmp_path / "zoo" / "medmnist"
    kept.mkdir(parents=True)
    write(kept)
    data = MedMNIST(MedMNISTConfig(file="pneumoniamnist"))
    assert data.specs[0].shape == (28, 28, 1)
    assert [label.name for label in data.labels] == ["pneumonia"]
    text = fails(MachineError, data.index)
    for words in ("zenodo.org", "md5:28209eda62fecd6e6a2d98b1501bb15f", str(kept / "pneumoniamnist.npz")):
        assert words in text


def test_facts_are_whole_and_no_two_files_are_one() -> None:
    sums = [checksum(name, size) for name in FACTS for size in SIZES_PX]
    assert len(set(sums)) == len(sums) == 48
    assert all(len(one) == len("md5:") + 32 for one in sums)
    assert file_name("pathmnist", 128) in address("pathmnist", 128)
    assert all(len({label.name for label in facts.labels}) == len(facts.labels) for facts in FACTS.values())
