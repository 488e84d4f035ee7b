"""One salt for all who ask at the same time, and names that nobody without it can make."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from zoo_data_table.salt import hashed, salt_of
from zoo_data_table.whole_files import replace_file


def test_ranks_that_ask_at_the_same_time_get_one_salt(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        salts = list(pool.map(lambda _: salt_of(tmp_path / "lab.toml", ""), range(40)))
    assert len(set(salts)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["lab.salt"]


def test_two_projects_have_two_salts(tmp_path: Path) -> None:
    assert salt_of(tmp_path / "a.toml", "") != salt_of(tmp_path / "b.toml", "")


def test_a_name_is_hashed_for_what_it_is(tmp_path: Path) -> None:
    names = pd.Series(["17", "18", "17"])
    files, groups = hashed(b"salt", "file", names), hashed(b"salt", "group", names)
    assert files[0] == files[2] != files[1]
    assert not (files == groups).any()
    assert not (files == hashed(b"another", "file", names)).any()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for content in (b"old and long", b"new"):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert [found.name for found in tmp_path.iterdir()] == ["x"]
