import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, DataError, OutputError
from zoo_core.data.packed import writing
from zoo_core.data.packed.arrays import n_shard_bytes
from zoo_core.data.packed.journal import JOURNAL
from zoo_core.data.packed.manifest import MANIFEST, read_manifest

HIDDEN = {".lock"}


def contents(folder: Path) -> dict[str, bytes]:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {path: content for path, content in files.items() if path not in HIDDEN}


class EndedError(Exception):
    """Ends a packer between two shards."""


def ended_after(kit, lab, folder, n_examples):
    """Pack until some examples are done."""
    done = []

    def advance(n):
        done.append(n)
        if sum(done) >= n_examples:
            raise EndedError

    with pytest.raises(EndedError):
        kit.packer(lab, folder).pack(advance)


def test_every_example_of_a_store_is_that_of_its_source(kit, tmp_path):
    specs = (kit.image, ArraySpec("dose", ("c",), (3,), "float32", (0, 9)))
    lab = kit.lab(n=31, specs=specs)
    packed = kit.pack(lab, tmp_path)
    store = kit.opened(tmp_path)
    assert packed.n_shards_written == packed.n_shards
    for row in range(31):
        read, wanted = store.read(row), lab.read(row)
        assert read.keys() == wanted.keys()
        assert all((read[name] == wanted[name]).all() and read[name].dtype == wanted[name].dtype for name in wanted)


def test_a_second_identical_pack_reads_and_writes_nothing(kit, tmp_path):
    kit.pack(kit.lab(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name not in HIDDEN}
    again = kit.lab()
    assert kit.pack(again, tmp_path).n_shards_written == 0
    assert again.reads == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name not in HIDDEN} == before


def test_two_stores_of_the_same_are_equal_byte_for_byte(kit, tmp_path):
    for name in ("a", "b"):
        kit.pack(kit.lab(bad={3: "is empty"}, n=900), tmp_path / name, rows_per_shard=128)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_store_goes_on_where_it_was_ended_and_becomes_the_uninterrupted_one(kit, tmp_path):
    kit.pack(kit.lab(), tmp_path / "whole")
    ended_after(kit, kit.lab(), tmp_path / "ended", 23)
    noted = (tmp_path / "ended" / JOURNAL).read_text().splitlines()[1:]
    again = kit.lab()
    packed = kit.pack(again, tmp_path / "ended")
    assert packed.n_shards - packed.n_shards_written == len(noted) > 1
    kept = sum(len(kit.packer(kit.lab(), tmp_path).layout.shard(json.loads(line)["number"])) for line in noted)
    assert len(again.reads) == 40 - kept
    assert contents(tmp_path / "ended") == contents(tmp_path / "whole")


def test_a_shard_that_is_not_as_its_journal_says_is_made_again(kit, tmp_path):
    kit.pack(kit.lab(), tmp_path / "whole")
    ended_after(kit, kit.lab(), tmp_path / "ended", 23)
    noted = [json.loads(line) for line in (tmp_path / "ended" / JOURNAL).read_text().splitlines()[1:]]
    for line, damage in zip(noted, (lambda path: path.unlink(), flip_a_bit), strict=False):
        damage(tmp_path / "ended" / next(iter(line["files"])))
    packed = kit.pack(kit.lab(), tmp_path / "ended")
    assert packed.n_shards - packed.n_shards_written == len(noted) - 2
    assert contents(tmp_path / "ended") == contents(tmp_path / "whole")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[1] ^= 1
    path.write_bytes(content)


def test_a_line_that_was_cut_off_is_as_if_it_were_not_there(kit, tmp_path):
    kit.pack(kit.lab(), tmp_path / "whole")
    ended_after(kit, kit.lab(), tmp_path / "ended", 23)
    journal = tmp_path / "ended" / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-7])
    kit.pack(kit.lab(), tmp_path / "ended")
    assert contents(tmp_path / "ended") == contents(tmp_path / "whole")


def test_a_source_that_cannot_be_read_is_listed_with_its_reason(kit, tmp_path):
    lab = kit.lab(n=900, bad={7: "is empty (0 bytes)", 3: "is damaged"})
    packed = kit.pack(lab, tmp_path, rows_per_shard=128)
    assert packed.manifest.n_unreadable == 2
    assert kit.opened(tmp_path).unreadable() == {3: "is damaged", 7: "is empty (0 bytes)"}


def test_too_many_that_cannot_be_read_stop_the_packer_early(kit, tmp_path):
    lab = kit.lab(bad=dict.fromkeys(range(40), "is empty"))
    with pytest.raises(DataError, match=r"in train 4 of \d+ are: 'i.*' is empty"):
        kit.pack(lab, tmp_path)
    assert len(lab.reads) == 4
    assert not (tmp_path / MANIFEST).exists()


def test_a_source_that_was_mended_is_packed_by_the_same_command(kit, tmp_path):
    with pytest.raises(DataError, match="is empty"):
        kit.pack(kit.lab(bad=dict.fromkeys(range(40), "is empty")), tmp_path / "mended")
    kit.pack(kit.lab(), tmp_path / "mended")
    kit.pack(kit.lab(), tmp_path / "whole")
    assert contents(tmp_path / "mended") == contents(tmp_path / "whole")


def test_a_source_that_is_still_bad_is_read_once_more_and_not_its_shard(kit, tmp_path):
    bad = {3: "is damaged"}
    ended_after(kit, kit.lab(n=900, bad=bad), tmp_path, 899)
    noted = [json.loads(line) for line in (tmp_path / JOURNAL).read_text().splitlines()[1:]]
    assert sum("3" in line["unreadable"] for line in noted) == 1
    again = kit.lab(n=900, bad=bad)
    kit.pack(again, tmp_path)
    kept = sum(len(kit.packer(again, tmp_path).layout.shard(line["number"])) for line in noted)
    assert len(again.reads) == 900 - kept + 1


def test_another_store_in_the_folder_is_refused_by_what_differs(kit, tmp_path):
    kit.pack(kit.lab(), tmp_path / "complete")
    ended_after(kit, kit.lab(), tmp_path / "ended", 23)
    for folder in (tmp_path / "complete", tmp_path / "ended"):
        before = contents(folder)
        with pytest.raises(DataError, match=r"transform\.size_px is 5 there\. Received: 4"):
            kit.pack(kit.lab(), folder, size_px=4)
        with pytest.raises(DataError, match=r"source\.fingerprint is .* Choose another folder"):
            kit.pack(kit.lab(n=41), folder)
        assert contents(folder) == before


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(kit, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds something else"):
        kit.pack(kit.lab(), tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"mine"}


def test_a_place_that_cannot_be_written_is_refused_by_name(kit, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file/store"):
        kit.pack(kit.lab(), tmp_path / "file" / "store")


def test_a_second_packer_is_told_who_packs(kit, tmp_path):
    # A process of its own: a lock is not held against its own process in every system.
    program = (
        "import sys, pathlib; from zoo_core.data.packed.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match=rf"one packer at a time\. Received: .*process {holder.pid} on "):
            kit.pack(kit.lab(), tmp_path)
    finally:
        holder.communicate()
    assert kit.pack(kit.lab(), tmp_path).n_shards_written


def test_the_lock_of_a_process_that_is_gone_holds_nobody_up(kit, tmp_path):
    (tmp_path / ".lock").write_text(json.dumps({"pid": os.getpid(), "host": "elsewhere"}))
    assert kit.pack(kit.lab(), tmp_path).n_shards_written
    with (tmp_path / ".lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_disk_that_is_too_small_is_refused_before_anything_is_decoded(kit, tmp_path, monkeypatch):
    n_shards = kit.packer(kit.lab(), tmp_path).layout.n_shards
    needed = 40 * 50 + n_shards * (4 * 16 + 4) + len(kit.packer(kit.lab(), tmp_path).index_table)
    usage = lambda free: lambda _: type("Usage", (), {"free": free})  # noqa: E731
    monkeypatch.setattr(writing.shutil, "disk_usage", usage(needed - 1))
    lab = kit.lab()
    with pytest.raises(OutputError, match=r"needs 0\.0 MB in .* free: make room"):
        kit.pack(lab, tmp_path)
    assert lab.reads == []
    monkeypatch.setattr(writing.shutil, "disk_usage", usage(needed))
    assert kit.pack(lab, tmp_path).n_shards_written


def test_the_size_of_a_shard_is_known_beforehand(kit, tmp_path):
    packer = kit.packer(kit.lab(), tmp_path)
    packer.pack(lambda _: None)
    sizes = [(tmp_path / "image" / f"c.{n}.0.0.0").stat().st_size for n in range(packer.layout.n_shards)]
    assert sizes == [n_shard_bytes(50, len(packer.layout.shard(n)), 4) for n in range(packer.layout.n_shards)]


def test_an_example_that_is_not_what_was_promised_is_named(kit, tmp_path):
    lab = kit.lab()
    lab.read = lambda i: {"image": np.zeros((5, 5, 3), np.uint8)}
    with pytest.raises(DataError, match=r"Example 'i\d+\.png' \(row \d+\): 'image' needs shape \(5, 5, 2\)"):
        kit.pack(lab, tmp_path)


@pytest.mark.parametrize("odd", [(1, "a"), ((1, 2), (3,))])
def test_an_index_that_parquet_does_not_keep_is_refused_by_its_column(kit, tmp_path, odd):
    class Odd(kit.lab):
        def index(self):
            return super().index().assign(**{"meta.plate": pd.Series(odd * 20, dtype=object)})

    lab = Odd()
    with pytest.raises(DataError, match=r"parquet keeps as it is.*meta\.plate"):
        kit.pack(lab, tmp_path)
    assert lab.reads == []


def test_a_store_says_where_it_comes_from_and_lists_every_file(kit, tmp_path):
    kit.pack(kit.lab(), tmp_path)
    manifest = read_manifest(tmp_path)
    assert manifest.plan.source.name == "lab"
    assert set(manifest.files) == set(contents(tmp_path)) - {MANIFEST}
    assert all(manifest.files[path].n_bytes == len(contents(tmp_path)[path]) for path in manifest.files)
