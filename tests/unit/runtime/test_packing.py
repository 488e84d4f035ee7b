"""A run on a packed store is the run on its source."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from zoo_core import plugins
from zoo_core.contract import ConfigError, Example, SupportsBoxes
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.packed.transform import Transform
from zoo_core.runtime.config import Choice, SplitConfig
from zoo_core.runtime.packing import Form, pack
from zoo_core.runtime.prepare import leave_out_unreadable, make_split, prepare
from zoo_core.runtime.settings import configure

HALF_A_GREY_LEVEL = (0.5 + 1e-4) / 255
"""Of the range from 0 to 1 that a network sees; the second summand is what float32 loses."""

SIZE_PX = 64


def choice(name, **options):
    return Choice(name, plugins.load("dataset", name).config(**options))


def created(data):
    return plugins.create("dataset", data.name, data.options)


def packed_in(folder, data, split=None, size_px=SIZE_PX, dtype=""):
    pack(data, split or SplitConfig(), Form(Transform(size_px, dtype), rows_per_shard=32), folder)
    return choice("packed", root=str(folder))


def prepared(data, *settings):
    section = {"name": data.name, **dataclasses.asdict(data.options)}
    precision = {"precision": {"name": "float32"}}
    return prepare(configure("chexnet", "default", [{"data": section}, precision, *settings]))


@pytest.fixture(scope="module")
def radiographs(nih_root):
    return choice("chestxray14", root=str(nih_root))


@pytest.fixture(scope="module")
def packed_radiographs(radiographs, tmp_path_factory):
    return packed_in(tmp_path_factory.mktemp("stores") / "nih", radiographs)


@pytest.fixture(scope="module")
def phantom():
    return choice("chest-phantom", size_px=32, n_patients=60)


@pytest.fixture(scope="module")
def packed_phantom(phantom, tmp_path_factory):
    return packed_in(tmp_path_factory.mktemp("stores") / "phantom", phantom, size_px=32)


@pytest.mark.parametrize("pair", [("radiographs", "packed_radiographs"), ("phantom", "packed_phantom")])
def test_a_store_has_its_sources_index_parts_labels_and_second_truth(pair, request):
    source, store = (created(request.getfixturevalue(name)) for name in pair)
    assert fingerprint(store.index()) == fingerprint(source.index())
    assert (store.labels, store.group_columns, store.split_name) == (
        source.labels,
        source.group_columns,
        source.split_name,
    )
    for config in (SplitConfig(), SplitConfig(name="patient-hash", seed=3)):
        first, second = make_split(source, source.index(), config), make_split(store, store.index(), config)
        assert (first.name, first.hash) == (second.name, second.hash)
    assert source.boxes().equals(store.boxes())
    assert store.second_truth().source == source.second_truth().source
    assert store.second_truth().findings == source.second_truth().findings
    assert store.second_truth().table.equals(source.second_truth().table)


def test_a_card_says_what_was_packed_and_who_numbered_the_patients(radiographs, packed_radiographs):
    source, store = created(radiographs).card, created(packed_radiographs).card
    assert store.notes[:-1] == source.notes
    assert "Packed from 'chestxray14'" in store.notes[-1]
    assert "'image' 64 x 64 x 1 uint8" in store.notes[-1]
    assert store.copy_of == "chestxray14"
    assert dataclasses.replace(store, notes=source.notes, copy_of="") == source


def test_a_data_set_that_alone_numbers_its_patients_keeps_its_name_for_them(site, tmp_path):
    source = (Path(__file__).parents[2] / "signalling_lab.py").read_text()
    site.install("signalling-lab", {"zoo.datasets.v1:signalling": "signalling_lab:dataset"}, signalling_lab=source)
    store = created(packed_in(tmp_path / "store", choice("signalling"), size_px=16))
    assert store.card.group_namespace == "signalling"
    assert not isinstance(store, SupportsBoxes)
    assert store.second_truth() is None


@pytest.mark.parametrize(
    ("pair", "most"),
    [(("radiographs", "packed_radiographs"), HALF_A_GREY_LEVEL), (("phantom", "packed_phantom"), 0)],
)
def test_a_task_makes_the_same_of_a_store_as_of_its_source(pair, most, request):
    size = {"task": {"image_size_px": SIZE_PX}}
    source, store = (prepared(request.getfixturevalue(name), size) for name in pair)
    rows = np.random.default_rng(0).permutation(len(source.index))[:50]
    first, second = (run.examples().batch(rows) for run in (source, store))
    assert np.abs(first.images - second.images).max() <= most
    assert (first.targets == second.targets).all()
    assert (first.known == second.known).all()


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_another_dtype_loses_no_more(radiographs, tmp_path, dtype):
    store = created(packed_in(tmp_path / "store", radiographs, dtype=dtype))
    source, task = created(radiographs), plugins.create("task", "chexnet", plugins.load("task", "chexnet").config())
    fitted = {"image_size_px": np.array(SIZE_PX)}
    for row in (0, 310, 620):
        images = [task.preprocess(Example(a.read(row), a.specs, {}), fitted) for a in (source, store)]
        assert np.abs(images[0] - images[1]).max() <= 0.5 / 65535 + np.finfo(np.float32).eps


def test_a_truncated_radiograph_is_left_out_of_a_run_on_the_store_with_the_sources_words(nih_root, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    for path in nih_root.iterdir():
        (root / path.name).symlink_to(path)
    (root / "images").unlink()
    (root / "images").mkdir()
    paths = sorted((nih_root / "images").iterdir())
    for path in paths:
        (root / "images" / path.name).symlink_to(path)
    bad = root / "images" / paths[0].name
    content = bad.read_bytes()
    bad.unlink()
    bad.write_bytes(content[: len(content) // 2])
    data = choice("chestxray14", root=str(root))
    left_out = [
        leave_out_unreadable(prepared(each), lambda: None) for each in (data, packed_in(tmp_path / "store", data))
    ]
    assert left_out[0].unreadable == left_out[1].unreadable
    assert [bad.example_id for bad in left_out[0].unreadable] == [paths[0].name]
    assert left_out[0].fingerprint == left_out[1].fingerprint


def test_a_store_of_a_store_has_the_same_examples(packed_radiographs, tmp_path):
    again = created(packed_in(tmp_path / "again", packed_radiographs, size_px=SIZE_PX))
    store = created(packed_radiographs)
    rows = np.arange(621)
    assert (again.read_batch(rows)["image"] == store.read_batch(rows)["image"]).all()
    assert again.card.copy_of == "chestxray14"


def test_where_the_source_was_makes_no_other_store(radiographs, nih_root, tmp_path):
    packed_in(tmp_path / "store", radiographs)
    (tmp_path / "moved").symlink_to(nih_root)
    before = (tmp_path / "store" / "manifest.json").stat().st_mtime_ns
    packed_in(tmp_path / "store", choice("chestxray14", root=str(tmp_path / "moved")))
    assert (tmp_path / "store" / "manifest.json").stat().st_mtime_ns == before
    manifest = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert str(nih_root) not in json.dumps(manifest)


BY_SHARDS = {"trainer": {"order": "shards", "order_buffer_shards": 2}}


def test_an_order_by_shards_needs_a_store(phantom):
    with pytest.raises(ConfigError, match=r"trainer\.order=shards needs a packed store.*Received: data set 'chest-ph"):
        prepared(phantom, BY_SHARDS)


def test_an_order_by_shards_needs_a_store_of_the_same_split(packed_phantom):
    prepared(packed_phantom, BY_SHARDS)
    with pytest.raises(ConfigError, match="laid out for the split of the run, 'patient-hash'"):
        prepared(packed_phantom, BY_SHARDS, {"split": {"seed": 1}})


def test_of_a_store_of_plates_a_plate_a_half_or_a_treatment_is_left_out_as_of_its_source(tmp_path):
    trays = choice("plate-phantom", n_trays=3, n_rows=4, n_columns=6, size_px=16, n_empty=2)
    source, store = created(trays), created(packed_in(tmp_path / "store", trays, size_px=16))
    for config in (
        SplitConfig(name="leave-plate-out", fold=1),
        SplitConfig(name="leave-plate-out:tray-02"),
        SplitConfig(name="leave-half-out"),
        SplitConfig(group_by="treatment", validation=0.2, test=0.3),
    ):
        first, second = (make_split(one, one.index(), config) for one in (source, store))
        assert (first.name, first.hash) == (second.name, second.hash)
