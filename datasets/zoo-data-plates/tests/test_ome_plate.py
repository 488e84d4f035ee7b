import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ConfigError, DataError, DatasetAdapter, ImageError, SupportsBatches, SupportsFolds
from zoo_data_plates.ngff.design import PlateDesign
from zoo_data_plates.ngff.writing import write_field
from zoo_data_plates.ome_plate import OmePlate, OmePlateConfig
from zoo_data_plates.wells_table import checked_wells, write_wells


def opened(folder, **settings) -> OmePlate:
    return OmePlate(OmePlateConfig(root=str(folder), **settings))


def changed(plate, **changes):
    plate.design = PlateDesign(**{**plate.design.__dict__, **changes})
    return plate


def give_wells(folder) -> None:
    write_wells(
        folder, checked_wells(pd.DataFrame({"well": ["A01"], "control_role": ["negative"]}), ["A", "B"], [1, 2])
    )


@pytest.mark.parametrize("changes", [{}, {"dtype": "uint8"}, {"n_z": 3}, {"times_h": (0.0, 1.5, 4.0), "n_z": 2}])
def test_a_plate_that_is_written_reads_back_the_same(small_plate, changes) -> None:
    adapter = opened(changed(small_plate, **changes).finish().folder, z="max" if "n_z" not in changes else "1")
    index = adapter.index()
    spec = adapter.specs[0]
    for i, row in enumerate(index.to_dict("records")):
        written = small_plate.image(row["meta.well"], row["meta.field"])
        if "times_h" in changes:
            written = written[changes["times_h"].index(row["meta.time_h"])]
        if "n_z" in changes:
            written = written[:, 1]
        read = adapter.read(i)["image"]
        assert np.array_equal(read, np.moveaxis(written, 0, -1))
        assert read.shape == spec.shape
        assert (read.dtype, read.flags.c_contiguous) == (spec.dtype, True)


def test_the_adapter_keeps_its_contract(small_plate) -> None:
    adapter = opened(small_plate.finish().folder)
    assert isinstance(adapter, DatasetAdapter)
    assert isinstance(adapter, SupportsBatches)
    assert isinstance(adapter, SupportsFolds)
    index = adapter.index()
    assert index["example_id"].is_unique
    assert list(index.index) == list(range(5))
    assert {*adapter.group_columns, *adapter.fold_columns} <= set(index.columns)
    assert adapter.specs[0].channel_names == ("DNA", "GFP")
    assert adapter.specs[0].value_range == (0, 65535)
    assert (adapter.split_name, adapter.card.drawn) == (None, False)


def test_the_index_says_what_is_in_each_well(small_plate) -> None:
    index = opened(small_plate.finish().folder).index()
    first, last = index.iloc[0], index.iloc[-1]
    assert first["example_id"] == "P1/A01/0"
    assert (first["meta.well_id"], first["meta.row"], first["meta.column"], first["meta.field"]) == (
        "P1/A01",
        "A",
        1,
        0,
    )
    assert (first["meta.treatment"], first["meta.control_role"], first["label.response"]) == ("DMSO", "negative", 0)
    assert list(index["label.response"].fillna(-1)) == [0, 1, 1, 1, -1]
    assert (last["meta.concentration"], last["meta.concentration_unit"], last["meta.replicate"]) == (1.5, "nM", 2)
    assert (first["meta.half"], last["meta.half"]) == ("A", "B")
    assert (first["meta.pixel_size_um"], first["meta.batch"]) == (0.65, "x")
    assert pd.isna(last["meta.control_role"])
    assert "meta.time_h" not in index
    assert "meta.tile" not in index


def test_empty_wells_are_examples_without_label(small_plate) -> None:
    index = opened(small_plate.finish(control_role=["negative", "empty", "positive"]).folder).index()
    assert list(index["label.response"].isna()) == [False, True, True, True, False]


def test_one_control_only_is_legal(small_plate) -> None:
    index = opened(small_plate.finish(control_role=["negative", None, None]).folder).index()
    assert index["label.response"].sum() == 0
    assert index["label.response"].notna().sum() == 1


def test_a_name_of_the_plates_own_is_not_taken_from_the_wells_table(small_plate) -> None:
    index = opened(small_plate.finish(row=["X", "X", "X"], plate=["other"] * 3).folder).index()
    assert set(index["meta.row"]) == {"A", "B"}
    assert set(index["meta.plate"]) == {"P1"}


@pytest.mark.parametrize("side_px", [(7, 5), (8, 6), (300, 11)])
def test_tiles_are_of_one_size_and_together_all_of_the_field(small_plate, side_px) -> None:
    small_plate.side_px = side_px
    adapter = opened(small_plate.finish().folder, tiles_per_side=3)
    index = adapter.index()
    assert len(index) == 9 * 5
    assert index["example_id"].is_unique
    field = np.moveaxis(small_plate.image("A01", 0), 0, -1)
    tiles = [adapter.read(i)["image"] for i in range(9)]
    assert {tile.shape for tile in tiles} == {adapter.specs[0].shape}
    values = np.concatenate([tile.reshape(-1, 2) for tile in tiles])
    assert {tuple(pixel) for pixel in values} == {tuple(pixel) for pixel in field.reshape(-1, 2)}
    assert np.array_equal(tiles[0], field[: tiles[0].shape[0], : tiles[0].shape[1]])
    assert np.array_equal(tiles[8], field[-tiles[8].shape[0] :, -tiles[8].shape[1] :])


def test_a_smaller_level_has_larger_pixels(small_plate) -> None:
    small_plate.side_px = (301, 20)
    adapter = opened(small_plate.finish().folder, level=1)
    assert adapter.read(0)["image"].shape == (151, 10, 2)
    assert set(adapter.index()["meta.pixel_size_um"]) == {1.3}
    with pytest.raises(ConfigError, match=r"has 0 to 1\. Received: 2"):
        opened(small_plate.folder, level=2).index()


def test_channels_are_chosen_by_name_in_the_order_asked_for(small_plate) -> None:
    small_plate.finish()
    adapter = opened(small_plate.folder, channels="GFP, DNA")
    assert adapter.specs[0].channel_names == ("GFP", "DNA")
    assert np.array_equal(adapter.read(0)["image"], np.moveaxis(small_plate.image("A01", 0)[::-1], 0, -1))
    assert opened(small_plate.folder, channels="GFP").read(4)["image"].shape == (7, 5, 1)
    with pytest.raises(ConfigError, match=r"among DNA, GFP\. Received: RFP"):
        opened(small_plate.folder, channels="RFP").read(0)


def test_planes_along_z_are_reduced_to_their_largest_value(small_plate) -> None:
    adapter = opened(changed(small_plate, n_z=3, times_h=(0.0,)).finish().folder)
    assert np.array_equal(adapter.read(0)["image"], np.moveaxis(small_plate.image("A01", 0)[0].max(axis=1), 0, -1))
    with pytest.raises(ConfigError, match=r"have 0 to 2\. Received: 3"):
        opened(small_plate.folder, z="3").read(0)


def test_a_batch_is_what_its_rows_are_whatever_the_thread(small_plate) -> None:
    adapter = opened(small_plate.finish().folder)
    rows = np.array([4, 0, 0, 3])
    together = adapter.read_batch(rows)["image"]
    assert together.shape == (4, 7, 5, 2)
    assert all(np.array_equal(image, adapter.read(int(i))["image"]) for i, image in zip(rows, together, strict=True))
    fresh = opened(small_plate.folder)
    with ThreadPoolExecutor(8) as pool:
        for image, i in zip(pool.map(lambda i: fresh.read(i % 5)["image"], range(200)), range(200), strict=True):
            assert np.array_equal(image, adapter.read(i % 5)["image"])
    with pytest.raises(IndexError, match=r"0 to 4\. Received: 5"):
        adapter.read(5)


def test_fields_of_different_size_are_read_one_by_one_and_together(small_plate) -> None:
    small_plate.wells = {"A01": 1}
    small_plate.write()
    from zoo_data_plates.ngff.writing import create_plate, finish_plate

    other = small_plate.folder.with_name("other.zarr")
    create_plate(other, small_plate.design, {"A01": 2})
    write_field(other, small_plate.design, "A01", 0, small_plate.image("A01", 0))
    write_field(other, small_plate.design, "A01", 1, np.ones((2, 3, 2), np.uint16))
    finish_plate(other, pd.DataFrame({"well": ["A01"]}))
    adapter = opened(other)
    assert adapter.specs[0].shape == (None, None, 2)
    assert [image.shape for image in adapter.read_batch(np.array([1, 0]))["image"]] == [(3, 2, 2), (7, 5, 2)]


def test_several_plates_in_a_folder_are_one_data_set(small_plate, tmp_path) -> None:
    for name in ("P2", "P1"):
        small_plate.folder = tmp_path / "plates" / f"{name}.zarr"
        changed(small_plate, name=name).finish()
    adapter = opened(tmp_path / "plates")
    assert list(adapter.index()["meta.plate"].unique()) == ["P1", "P2"]
    assert adapter.index()["example_id"].is_unique
    assert adapter.read(9)["image"].shape == (7, 5, 2)
    changed(small_plate, name="P1", dtype="uint8").folder = tmp_path / "plates" / "P3.zarr"
    small_plate.finish()
    with pytest.raises(DataError, match=r"'P1' twice, in P1\.zarr and P3\.zarr"):
        opened(tmp_path / "plates").index()
    shutil.rmtree(small_plate.folder)
    changed(small_plate, name="P3").finish()
    with pytest.raises(DataError, match="the same dtype, channels"):
        opened(tmp_path / "plates").index()


@pytest.mark.parametrize(
    ("version", "axes"), [("0.4", "cyx"), ("0.5", "cyx"), ("0.4", "tczyx"), ("0.5", "yx"), ("0.4", "zyx")]
)
def test_plates_of_other_programs_are_read(foreign_plate, version, axes) -> None:
    folder = foreign_plate(version, axes)
    give_wells(folder)
    adapter = opened(folder)
    assert list(adapter.index()["meta.well_id"].unique()) == ["Theirs/A01", "Theirs/B02"]
    lengths = {"t": 3, "c": 2, "z": 2, "y": 7, "x": 5}
    theirs = np.random.default_rng(10).integers(1, 255, [lengths[axis] for axis in axes], np.uint8)
    full = theirs[-1] if "t" in axes else theirs
    full = full.max(axis=-3) if "z" in axes else full
    full = np.moveaxis(full, 0, -1) if "c" in axes else full[..., np.newaxis]
    assert np.array_equal(adapter.read(len(adapter.index()) - 1)["image"], full)


def test_a_well_that_is_missing_is_left_out_and_the_card_says_so(foreign_plate) -> None:
    folder = foreign_plate()
    give_wells(folder)
    shutil.rmtree(folder / "B")
    adapter = opened(folder)
    assert set(adapter.index()["meta.well"]) == {"A01"}
    assert "Plate Theirs: 1 planned images are not there: B02." in adapter.card.notes
    assert any("1 of 4 wells have images" in note and "1 negative, 0 positive" in note for note in adapter.card.notes)


@pytest.mark.parametrize("damage", ["truncated", "empty", "missing", "flipped"])
def test_a_damaged_chunk_is_told_with_well_and_field(small_plate, damage) -> None:
    small_plate.finish()
    chunk = small_plate.folder / "A/3/1/0/c/0/0/0"
    content = bytearray(chunk.read_bytes())
    if damage == "missing":
        chunk.unlink()
    else:
        content[len(content) // 4] ^= 0xFF
        chunk.write_bytes({"truncated": content[: len(content) // 2], "empty": b"", "flipped": bytes(content)}[damage])
    adapter = opened(small_plate.folder)
    with pytest.raises(ImageError, match="field 1 of well A03 of plate 'P1' cannot be read") as mistake:
        adapter.read(2)
    assert "\n" not in str(mistake.value)
    assert str(small_plate.folder) not in str(mistake.value)
    with pytest.raises(ImageError, match="well A03"):
        adapter.read_batch(np.array([0, 2]))
    assert np.array_equal(adapter.read(1)["image"], np.moveaxis(small_plate.image("A03", 0), 0, -1))


def test_a_truncated_chunk_of_version_04_is_told_too(foreign_plate) -> None:
    folder = foreign_plate()
    give_wells(folder)
    chunk = next(path for path in (folder / "A/01/0/s0").rglob("*") if path.is_file() and path.name[0] != ".")
    chunk.write_bytes(chunk.read_bytes()[:20])
    with pytest.raises(ImageError, match="field 0 of well A01 of plate 'Theirs'"):
        opened(folder).read(0)


def test_a_field_that_went_after_the_index_was_made_is_told(small_plate) -> None:
    small_plate.finish()
    shutil.rmtree(small_plate.folder / "A/1/0")
    with pytest.raises(ImageError, match="field 0 of well A01"):
        opened(small_plate.folder).read(0)


def test_without_a_wells_table_nothing_is_known(foreign_plate) -> None:
    with pytest.raises(DataError, match=r"needs a table wells\.parquet"):
        opened(foreign_plate()).index()


def test_without_a_root_the_card_can_be_read_and_the_index_cannot() -> None:
    adapter = OmePlate(OmePlateConfig())
    assert adapter.card.title == "Plates in OME-Zarr"
    assert adapter.specs == ()
    with pytest.raises(DataError, match="--data ome-plate=ROOT"):
        adapter.index()


def test_a_folder_without_plates_is_refused(tmp_path) -> None:
    (tmp_path / "pictures").mkdir()
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="ome-plate"):
            opened(root).index()


@pytest.mark.parametrize("settings", [{"level": -1}, {"tiles_per_side": 0}, {"z": "mean"}, {"z": "-1"}])
def test_options_that_cannot_be_are_refused(settings) -> None:
    with pytest.raises(ConfigError, match="Received: "):
        OmePlateConfig(**settings)


def test_the_reports_name_what_the_user_says_of_the_data(small_plate) -> None:
    small_plate.finish()
    card = opened(small_plate.folder, title="T", licence="CC0", citation="me").card
    assert (card.title, card.licence, card.citation) == ("T", "CC0", "me")
    assert opened(small_plate.folder).card.title == "Plates P1"
