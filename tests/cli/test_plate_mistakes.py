"""Plates that are not as they should be, at each verb that meets them: a line that says what, and nothing half-written.

A mistake ends with 2 and one line. What `zoo plate check` finds is no mistake of whoever asks: it is listed, with 1.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.cli.conftest import Answer
from zoo_core.cli import MISTAKE, main

ROLES = ("negative", "positive", "")
WELLS = [f"{row}{column}" for row in "ABCD" for column in range(1, 7)]
TABLE = "well,treatment,concentration,concentration_unit,control_role"
FOUND = 1
"""Exit code of a check that found something."""

Zoo = Callable[..., Answer]


def rows(**changed: str) -> list[str]:
    """Lines of a wells table: each third well is a negative control, a positive one, or was given 1 uM."""
    lines = {well: f"{well},{ROLES[n % 3] or 'drug'},{1 if n % 3 == 2 else ''},uM," for n, well in enumerate(WELLS)}
    lines = {well: line + ROLES[n % 3] for n, (well, line) in enumerate(lines.items())}
    return list({**lines, **changed}.values())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 24 wells in two channels, a table of them, and the plate that is made of both: read only."""
    folder, random = tmp_path_factory.mktemp("lab"), np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for well in WELLS:
        for channel in ("DNA", "GFP"):
            values = random.integers(0, 200, (9, 7), np.uint8)
            Image.fromarray(values).save(folder / "pictures" / f"{well}-{channel}.png")
    (folder / "wells.csv").write_text("\n".join([TABLE, *rows()]))
    assert main(importing(folder, folder / "P1.zarr")) == 0
    return folder


def importing(lab: Path, plate: Path, table: Path | None = None, pattern: str = "{well}-{channel}.png") -> list[str]:
    given = ("--pattern", pattern, "--wells", table or lab / "wells.csv")
    return [str(one) for one in ("plate", "import", lab / "pictures", plate, *given)]


@pytest.fixture
def plate(lab: Path, tmp_path: Path) -> Path:
    """The plate, to be broken."""
    return Path(shutil.copytree(lab / "P1.zarr", tmp_path / "P1.zarr"))


def told(answer: Answer, words: str) -> None:
    """That an answer is a mistake's: 2, nothing on standard output, and one line."""
    (line,) = answer.err.splitlines()
    assert (answer.code, answer.out) == (MISTAKE, "")
    assert line.startswith("zoo: error: ")
    assert words in line


TABLES = [
    (rows(C9="C9,drug,1,uM,"), "names well C09"),
    (rows(again="a01,drug,1,uM,"), "two rows for well A01"),
    (rows(A3="A3,drug,1,,"), "a concentration needs a unit. Received: 1 of well A03 without one"),
    (None, "No such file"),
]


@pytest.mark.parametrize(("lines", "words"), TABLES)
def test_an_import_with_a_table_that_is_wrong_is_refused(
    lab: Path, tmp_path: Path, zoo: Zoo, lines: list[str] | None, words: str
) -> None:
    table = tmp_path / "wells.csv"
    if lines:
        table.write_text("\n".join([TABLE, *lines]))
    before = sorted(tmp_path.iterdir())
    told(zoo(*importing(lab, tmp_path / "new" / "P2.zarr", table)), words)
    assert sorted(tmp_path.iterdir()) == before


def test_a_pattern_that_matches_nothing_is_refused_with_three_names_that_it_did_not_match(
    lab: Path, tmp_path: Path, zoo: Zoo
) -> None:
    answer = zoo(*importing(lab, tmp_path / "P2.zarr", pattern="{well}_{channel}.tif"))
    told(answer, "'A1-DNA.png', 'A1-GFP.png', 'A2-DNA.png' ...")
    assert list(tmp_path.iterdir()) == []


def test_an_import_without_the_pictures_of_a_well_goes_on_and_says_so(lab: Path, tmp_path: Path, zoo: Zoo) -> None:
    shutil.copytree(lab / "pictures", tmp_path / "pictures", ignore=shutil.ignore_patterns("B2-*"))
    (tmp_path / "wells.csv").write_text("\n".join([TABLE, *rows()]))
    answer = zoo(*importing(tmp_path, tmp_path / "P2.zarr"))
    assert (answer.code, answer.err) == (0, "")
    assert "missing: 1 wells of the table without pictures: B02\n" in answer.out


def edited(path: Path, change: Callable[[Any], object]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def of_another_program(plate: Path) -> None:
    """What a plate that others wrote has not: our index, and our note in its metadata."""
    (plate / "index.parquet").unlink()
    edited(plate / "zarr.json", lambda group: group["attributes"].pop("zoo"))


def of_version_03(plate: Path) -> None:
    of_another_program(plate)
    edited(plate / "zarr.json", lambda group: group["attributes"]["ome"].update(version="0.3"))


def with_wrong_axes(plate: Path) -> None:
    of_another_program(plate)
    for path in plate.glob("*/*/0/zarr.json"):
        edited(path, lambda group: group["attributes"]["ome"]["multiscales"][0]["axes"].reverse())


def without_wells_table(plate: Path) -> None:
    (plate / "wells.parquet").unlink()


def with_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    def apply(plate: Path) -> None:
        path = plate / "wells.parquet"
        change(pd.read_parquet(path)).to_parquet(path)

    return apply


BROKEN = {
    "0.3 metadata": (of_version_03, "metadata", "0.4 or 0.5 are read. Received: 0.3"),
    "wrong axes": (with_wrong_axes, "metadata", "Received: x, y, c"),
    "no wells table": (without_wells_table, "wells", "needs a table wells.parquet"),
    "a well that is not on the plate": (
        with_table(lambda wells: wells.replace({"well": {"A01": "Z99"}})),
        "wells",
        "well Z99 is not on the plate",
    ),
    "two rows for one well": (
        with_table(lambda wells: pd.concat([wells, wells.iloc[:1]])),
        "wells",
        "has two rows for well A01: 1 and 25",
    ),
    "a concentration without unit": (
        with_table(lambda wells: wells.assign(concentration_unit=None)),
        "wells",
        "the concentration of well A03 needs a unit",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_plate_with_a_fault_is_found_by_a_check_and_not_trained_on(
    plate: Path, tmp_path: Path, zoo: Zoo, fault: str
) -> None:
    spoil, kind, words = BROKEN[fault]
    spoil(plate)
    found = zoo("plate", "check", str(plate))
    assert (found.code, found.err) == (FOUND, "")
    assert any(line.startswith(f"problem, {kind}: ") and words in line for line in found.out.splitlines())
    told(run(zoo, plate, tmp_path / "run"), words)
    assert list(tmp_path.iterdir()) == [plate]


def run(zoo: Zoo, plate: Path, out: Path) -> Answer:
    """Call `zoo run`, of which all ends before TensorFlow is started."""
    chosen = ("--data", f"ome-plate={plate}", "--preset", "smoke", "--set", "split.name=leave-half-out")
    return zoo("run", "plate-response", *chosen, "--out", str(out))


def test_one_plate_alone_cannot_be_left_out(plate: Path, tmp_path: Path, zoo: Zoo) -> None:
    answer = zoo("run", "plate-response", "--data", f"ome-plate={plate}", "--out", str(tmp_path / "run"))
    told(answer, "leave-plate-out needs two values to leave one out. Received: 'P1' alone")


def a_missing_well(plate: Path) -> None:
    shutil.rmtree(plate / "A" / "2")


def a_truncated_chunk(plate: Path) -> None:
    chunk = next(path for path in sorted((plate / "A/2/0/0/c").rglob("*")) if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("spoil", "kind", "reason"),
    [
        (a_missing_well, "missing: A02/0", "Metadata does not exist"),
        (a_truncated_chunk, "unreadable: A02/0", "a chunk is damaged or missing"),
    ],
)
def test_a_well_that_cannot_be_read_is_named_and_too_many_of_them_end_a_run(  # noqa: PLR0913 - two fixtures more
    plate: Path, tmp_path: Path, zoo: Zoo, spoil: Callable[[Path], None], kind: str, reason: str
) -> None:
    spoil(plate)
    found = zoo("plate", "check", str(plate))
    assert (found.code, found.err) == (FOUND, "")
    assert f"problem, {kind}" in found.out
    answer = run(zoo, plate, tmp_path / "run")
    *opening, line = answer.err.splitlines()
    assert (answer.code, answer.out) == (MISTAKE, "")
    assert line.startswith(
        "zoo: error: At most 1% of a split's images may be unreadable; in test 1 of 12 are: 'P1/A02/0'"
    )
    assert reason in line
    assert str(tmp_path) not in line
    assert not any(text.startswith(("zoo: error", "Traceback")) for text in opening)
    assert list(tmp_path.iterdir()) == [plate]


def test_a_well_that_another_programs_plate_names_and_has_not_is_left_out_and_said(
    plate: Path, tmp_path: Path, zoo: Zoo
) -> None:
    of_another_program(plate)
    a_missing_well(plate)
    packing = ("data", "pack", "--data", f"ome-plate={plate}", "--size", "7", "--set", "split.name=leave-half-out")
    answer = zoo(*packing, str(tmp_path / "store"))
    assert answer.code == 0
    assert "11 test" in answer.err
    manifest = json.loads((tmp_path / "store" / "manifest.json").read_text())
    assert "Plate P1: 1 planned images are not there: A02." in manifest["plan"]["source"]["card"]["notes"]


def test_a_plate_with_one_kind_of_control_is_sound_and_the_check_says_what_it_cannot_show(
    plate: Path, zoo: Zoo
) -> None:
    with_table(lambda wells: wells.replace({"control_role": {"positive": None}}))(plate)
    found = zoo("plate", "check", str(plate))
    assert (found.code, found.err) == (0, "")
    assert "notice, controls: P1 has no positive control" in found.out
    assert "(Z') is undefined" in found.out


def test_a_plate_that_is_all_one_value_is_a_problem_of_each_channel(lab: Path, tmp_path: Path, zoo: Zoo) -> None:
    (tmp_path / "pictures").mkdir()
    for path in (lab / "pictures").iterdir():
        Image.fromarray(np.full((9, 7), 12, np.uint8)).save(tmp_path / "pictures" / path.name)
    assert zoo(*importing(tmp_path, tmp_path / "P2.zarr", lab / "wells.csv")).code == 0
    found = zoo("plate", "check", str(tmp_path / "P2.zarr"))
    assert (found.code, found.err) == (FOUND, "")
    for channel in ("DNA", "GFP"):
        assert f"problem, flat: P2 is all one value in channel '{channel}': 12" in found.out
