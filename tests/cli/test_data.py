"""`zoo data pack` and `zoo data check` as a user meets them."""

import json
from pathlib import Path

import pytest

from zoo_core.cli.data import DEFAULT_SHARD, DTYPES
from zoo_core.data.packed import transform
from zoo_core.runtime.packing import ROWS_PER_SHARD

PHANTOM = ("--data", "chest-phantom", "--set", "data.n_patients=40", "--set", "data.size_px=32", "--size", "32")


@pytest.fixture
def store(zoo, tmp_path):
    folder = tmp_path / "store"
    answer = zoo("data", "pack", str(folder), *PHANTOM, "--shard", "16")
    assert answer.code == 0, answer.err
    return folder


def test_the_defaults_in_the_help_are_those_of_the_packer():
    assert DEFAULT_SHARD == ROWS_PER_SHARD
    assert DTYPES == transform.DTYPES


def test_a_store_is_written_and_what_it_holds_is_said(zoo, tmp_path):
    answer = zoo("data", "pack", str(tmp_path / "store"), *PHANTOM, "--shard", "16")
    assert answer.out.startswith(f"{tmp_path / 'store'}: 8 of 8 shards written in ")
    assert "for split patient-hash: " in answer.out
    assert "Chest phantom; split patient-hash" in answer.err


def test_the_same_command_again_says_that_it_is_complete(zoo, store):
    answer = zoo("data", "pack", str(store), *PHANTOM, "--shard", "16")
    assert (answer.code, answer.out.partition(",")[0]) == (0, f"{store}: complete")


def test_json_is_one_record_and_nothing_else_on_standard_output(zoo, tmp_path):
    record = json.loads(zoo("data", "pack", str(tmp_path / "store"), *PHANTOM, "--json").out)
    assert record["n_shards_written"] == record["n_shards"] == 3
    assert record["arrays"] == {"image": {"shape": [32, 32, 1], "dtype": "uint8"}}
    assert record["n_unreadable"] == 0
    assert record["n_bytes"] == sum(
        path.stat().st_size
        for path in (tmp_path / "store").rglob("*")
        if path.is_file() and path.name not in (".lock", "manifest.json")
    )


def test_images_that_cannot_be_read_are_counted_and_the_file_that_names_them_is_said(zoo, tmp_path, nih_root):
    root = tmp_path / "root"
    (root / "images").mkdir(parents=True)
    for path in nih_root.iterdir():
        if path.name != "images":
            (root / path.name).symlink_to(path)
    paths = sorted((nih_root / "images").iterdir())
    (root / "images" / paths[0].name).write_bytes(b"")
    for path in paths[1:]:
        (root / "images" / path.name).symlink_to(path)
    answer = zoo("data", "pack", str(tmp_path / "store"), "--data", f"chestxray14={root}", "--size", "16")
    assert answer.code == 0
    assert answer.out.endswith(f"1 could not be read: {tmp_path / 'store'}/unreadable.parquet says why\n")


def test_a_whole_store_is_found_whole(zoo, store):
    answer = zoo("data", "check", str(store))
    assert (answer.code, answer.out.endswith("all as they were written\n")) == (0, True)
    assert json.loads(zoo("data", "check", str(store), "--json").out)["faults"] == []


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flip, "another SHA-256 than when it was written"),
        (Path.unlink, "No such file or directory"),
        (lambda path: path.write_bytes(b"abc"), "3 bytes instead of 16644"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_named(zoo, store, damage, reason):
    damage(store / "image" / "c.1.0.0.0")
    answer = zoo("data", "check", str(store), "--json")
    assert answer.code == 2
    assert json.loads(answer.out)["faults"] == [{"path": "image/c.1.0.0.0", "reason": reason}]
    assert answer.err.splitlines()[-1].startswith(f"zoo: error: Store '{store}' needs to be as it was written.")


@pytest.mark.parametrize("name", ["index.parquet", "unreadable.parquet", "boxes.parquet", "zarr.json"])
def test_every_file_of_a_store_is_looked_at(zoo, store, name):
    flip(store / name)
    assert name in zoo("data", "check", str(store)).err


def test_a_manifest_that_contradicts_its_tables_is_found_out(zoo, store):
    manifest = json.loads((store / "manifest.json").read_text())
    manifest["plan"]["source"]["fingerprint"] = "0" * 64
    manifest["plan"]["split"]["hash"] = "0" * 64
    manifest["n_unreadable"] = 5
    (store / "manifest.json").write_text(json.dumps(manifest))
    faults = json.loads(zoo("data", "check", str(store), "--json").out)["faults"]
    assert [fault["reason"].split()[0] for fault in faults] == ["another", "parts", "0"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pack", "new", *PHANTOM[:-1], "33"], "--size needs at most 32"),
        (["pack", "new", *PHANTOM[:-1], "0"], "--size needs a number above 0"),
        (["pack", "new", *PHANTOM, "--shard", "0"], "--shard needs a number"),
        (["pack", "new", *PHANTOM, "--dtype", "int3"], "'int3' is not one of"),
        (["pack", "new", *PHANTOM, "--set", "trainer.n_epochs=3"], "trainer"),
        (["pack", "new", *PHANTOM, "--set", "data.patients=3"], "did you mean 'data.n_patients'"),
        (["pack", "new", *PHANTOM, "--set", "split.name=official"], "patient-hash. Received: 'official'"),
        (["pack", "new", "--data", "chest-fantom", "--size", "8"], "did you mean 'chest-phantom'"),
        (["pack", "new", "--size", "8"], "--data"),
        (["pack", "new", "--data", "packed", "--size", "8"], "--data packed=STORE"),
        (["pack", "new", "--data", "packed=nowhere", "--size", "8"], "nowhere"),
        (["check", "nowhere"], "'zoo data pack' makes one"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(zoo, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    answer = zoo("data", *arguments)
    assert answer.code == 2
    assert words in answer.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_a_newer_schema_asks_for_a_newer_zoo(zoo, store):
    manifest = json.loads((store / "manifest.json").read_text())
    manifest["plan"]["schema_version"] = 2
    (store / "manifest.json").write_text(json.dumps(manifest))
    assert "schema 2 needs a newer zoo-core" in zoo("data", "check", str(store)).err


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"plan": {"schema_version": "x"}}', '{"plan": 3}'])
def test_a_damaged_manifest_is_refused_in_one_line(zoo, store, content):
    (store / "manifest.json").write_text(content)
    answer = zoo("data", "check", str(store))
    assert answer.code == 2
    assert "whose manifest is damaged" in answer.err
