import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from zoo_core.contract import DataError, ImageError
from zoo_core.data.packed import arrays, reading

FORKED = """
import os, sys
import numpy as np
from zoo_core.data.packed.arrays import ForkedReaderError
from zoo_core.data.packed.plugin import PackedConfig, open_packed

store = open_packed(PackedConfig(sys.argv[1]))
if sys.argv[2] == "opened":
    store.read(0)
child = os.fork()
if child == 0:
    try:
        (store if sys.argv[3] == "same" else open_packed(PackedConfig(sys.argv[1]))).read_batch(np.arange(3))
    except ForkedReaderError as error:
        print(error, flush=True)
        os._exit(3)
    os._exit(0)
_, status = os.waitpid(child, 0)
store.read(1)
sys.exit(os.waitstatus_to_exitcode(status))
"""
LONGEST_S = 60
COUNTS = Path("/proc/self/io")


@pytest.fixture
def lab(kit):
    return kit.lab()


@pytest.fixture
def store(kit, lab, tmp_path):
    kit.pack(lab, tmp_path)
    return kit.opened(tmp_path)


def test_a_batch_has_its_rows_in_the_order_that_was_asked_for(store, lab):
    rows = np.array([31, 2, 2, 17, 0])
    batch = store.read_batch(rows)
    assert (batch["image"] == np.stack([lab.read(int(row))["image"] for row in rows])).all()


def test_every_thread_reads_what_was_asked_for(store, lab):
    barrier = threading.Barrier(4)

    def read(start):
        barrier.wait()  # the first read opens the store
        return [store.read(row)["image"] for row in range(start, 40, 4)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, range(4)))
    for start in range(4):
        assert all(
            (image == lab.read(row)["image"]).all()
            for image, row in zip(found[start], range(start, 40, 4), strict=True)
        )


@pytest.mark.parametrize("row", [-1, 40])
def test_a_row_that_is_not_there_is_refused(store, row):
    for read in (store.read, lambda row: store.read_batch(np.array([0, row]))):
        with pytest.raises(IndexError, match=f"rows 0 to 39. Received: {row}"):
            read(row)


def test_a_row_that_could_not_be_packed_gives_its_reason_and_not_a_black_image(kit, tmp_path):
    kit.pack(kit.lab(n=900, bad={7: "is empty (0 bytes)"}), tmp_path, rows_per_shard=128)
    store = kit.opened(tmp_path)
    for read in (store.read, lambda row: store.read_batch(np.array([0, row]))):
        with pytest.raises(ImageError, match=r"^is empty \(0 bytes\)$"):
            read(7)


@pytest.fixture(params=[0.0, 1.0], ids=["larger than memory", "fits into memory"])
def share_of_memory(request, monkeypatch):
    monkeypatch.setattr(reading, "MOST_OF_MEMORY", request.param)
    return request.param


@pytest.mark.usefixtures("share_of_memory")
@pytest.mark.parametrize("damage", ["missing", "truncated", "empty", "longer"])
def test_a_damaged_store_is_a_named_error_and_never_a_black_image(kit, store, tmp_path, damage):
    path = tmp_path / "image" / "c.0.0.0.0"
    if damage == "missing":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes({"truncated": content[:-9], "empty": b"", "longer": content + b"x" * 50}[damage])
    row = int(kit.packer(kit.lab(), tmp_path).layout.shard(0)[0])
    with pytest.raises(DataError, match="zoo data check") as refused:
        store.read(row)
    assert "\n" not in str(refused.value)


def test_a_store_is_read_the_same_whether_it_fits_into_memory_or_not(store, lab, share_of_memory):
    rows = np.random.default_rng(0).permutation(np.arange(80) % 40)
    assert (store.read_batch(rows)["image"] == np.stack([lab.read(int(row))["image"] for row in rows])).all()
    assert type(store._reader._opened) is (reading.Mapped if share_of_memory else reading.Requested)


@pytest.mark.parametrize("which", ["same", "another"])
def test_a_child_of_a_process_that_reads_is_refused_at_once_by_name(store, tmp_path, which):
    done = fork("opened", which, tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert "not forked from one that had opened a store" in done.stdout


def test_a_child_may_open_a_store_that_its_parent_never_read(store, tmp_path):
    assert fork("not opened", "same", tmp_path).returncode == 0


def fork(parent, which, folder):
    command = [sys.executable, "-c", FORKED, str(folder), parent, which]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)


def test_a_process_that_is_started_and_not_forked_reads(store, tmp_path):
    store.read(0)
    program = "import sys; from zoo_core.data.packed.plugin import *; open_packed(PackedConfig(sys.argv[1])).read(0)"
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=LONGEST_S, check=True)


def bytes_read():
    return int(dict(line.split(": ") for line in COUNTS.read_text().splitlines())["rchar"])


@pytest.mark.skipif(not COUNTS.exists(), reason="needs Linux's count of bytes")
def test_shards_that_do_not_fit_into_memory_are_read_once(kit, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_OF_MEMORY", 0.0)
    kit.pack(kit.lab(n=600, specs=(kit.spec(shape=(40, 40, 1)),)), tmp_path, size_px=40, rows_per_shard=64)
    store = kit.opened(tmp_path)
    shards = store.shards("train")
    store.read(0)
    rows = np.random.default_rng(0).permutation(np.concatenate(shards[1:4]))
    before = bytes_read()
    read = store.read_batch(rows)
    assert bytes_read() - before <= 1.1 * read["image"].nbytes


def test_zarr_python_reads_the_same_store(kit, store, lab, tmp_path):
    zarr = pytest.importorskip("zarr", reason="zarr-python is not installed")
    group = zarr.open_group(tmp_path, mode="r")
    array = group["image"]
    index = kit.opened(tmp_path)._index
    assert array.metadata.dimension_names == ("example", "y", "x", "c")
    assert array.shards == (4, 5, 5, 2)
    assert array.chunks == (1, 5, 5, 2)
    for row, place in enumerate(index["store_row"]):
        assert (array[int(place)] == lab.read(row)["image"]).all()


@pytest.mark.parametrize(("n", "dtype"), [(3, "uint8"), (4, "uint16"), (1, "float32"), (2, "bool")])
def test_a_shard_is_byte_for_byte_what_tensorstore_writes(kit, tmp_path, n, dtype):
    import tensorstore

    spec = kit.spec(dtype=dtype)
    values = np.random.default_rng(0).integers(0, 2, (n, *spec.shape)).astype(dtype)
    described = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": f"{tmp_path}/"},
        "metadata": arrays.metadata(spec, 4, 4),
        "store_data_equal_to_fill_value": True,
    }
    tensorstore.open(described, create=True).result()[:n].write(values).result()
    assert b"".join(arrays.encode_shard(values, 4)) == (tmp_path / "c.0.0.0.0").read_bytes()
