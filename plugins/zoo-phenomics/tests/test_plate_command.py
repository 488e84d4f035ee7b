"""`zoo plate`, from the folder of a microscope to a plate that the check finds nothing wrong with."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import click
import numpy as np
import pytest
import zarr
from click.testing import CliRunner, Result
from PIL import Image

from zoo_core.contract import ConfigError, DataError, OutputError
from zoo_data_plates.ome_plate import OmePlate, OmePlateConfig
from zoo_phenomics.plate_command import plugin

BBBC013 = (
    *("--pattern", "Channel{channel}-{index}-{row}-{column}.png"),
    *("--column", "control=role", "--column", "dose_index=concentration", "--column", "compound_inferred=treatment"),
    *("--role=-1=negative", "--role", "1=positive", "--unit", "index"),
    *("--channel", "1=FKHR-GFP", "--channel", "2=DNA"),
)
RUN = "import sys; from zoo_phenomics.plate_command import plugin; plugin.create(plugin.config()).main(sys.argv[1:])"


def plate(*arguments: object) -> Result:
    """Call the command; a mistake comes out as the exception that `zoo` turns into one line and exit code 2."""
    command = plugin.create(plugin.config())
    assert isinstance(command, click.Command)
    result = CliRunner().invoke(command, [str(one) for one in arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def code_of(result: Result) -> int:
    # click hands an exit code on as what was returned, where it does not end the process itself.
    return result.return_value or result.exit_code


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Noise of four wells in two channels, and a table."""
    rng = np.random.default_rng(5)
    (tmp_path / "source").mkdir()
    for well in ("A01", "A02", "B01", "B02"):
        for channel in (1, 2):
            values = rng.integers(0, 200, (9, 7), np.uint8)
            Image.fromarray(values).save(tmp_path / "source" / f"{well}-{channel}.png")
    table = "well,kind,dose,batch\nA01,n,0,x\nA02,p,1.5,x\nB01,s,0.5,y\nB02,s,,y\n"
    (tmp_path / "wells.csv").write_text(table)
    return tmp_path


def import_lab(lab: Path, *more: object) -> Result:
    given = ("--pattern", "{well}-{channel}.png", "--wells", lab / "wells.csv", "--column", "kind=role")
    roles = ("--role", "n=negative", "--role", "p=positive")
    return plate("import", lab / "source", lab / "p1.ome.zarr", *given, *roles, "--column", "dose=concentration", *more)


def test_an_import_says_what_it_did(lab: Path) -> None:
    (lab / "source" / "notes.txt").write_text("bad day")
    lines = import_lab(lab, "--unit", "uM", "--channel", "2=DNA").stdout.splitlines()
    assert lines[0] == (f"{lab}/p1.ome.zarr: plate 'p1', 2 x 3 wells, 4 fields of 8 pictures, uint8, channels 1, DNA")
    assert lines[1].startswith("8 pictures read and written in ")
    assert lines[1].endswith(" images/s")
    assert lines[2:] == ["control roles taken for samples: 's' (2 wells)", "not imported: 1 files that are no pictures"]
    assert import_lab(lab, "--unit", "uM", "--channel", "2=DNA").stdout.splitlines()[1].startswith("complete")


def test_an_import_says_what_is_missing(lab: Path) -> None:
    (lab / "source" / "A02-1.png").unlink()
    for channel in (1, 2):
        (lab / "source" / f"B02-{channel}.png").unlink()
    text = import_lab(lab, "--unit", "uM").stdout
    assert "missing: 1 wells of the table without pictures: B02\n" in text
    assert "missing: 1 wells with missing channels, which are black there: A02 (1)\n" in text


def test_an_import_gives_one_record(lab: Path) -> None:
    record = json.loads(import_lab(lab, "--unit", "uM", "--rows", "8", "--columns", "12", "--json").stdout)
    assert record["size"] == [8, 12]
    assert record["gaps"] == {"wells": [], "rows": [], "fields": [], "channels": {}}
    assert record["samples"] == {"s": 2}
    assert record["images_per_s"] == pytest.approx(8 / record["seconds"])


def test_what_was_given_stands_in_the_plate(lab: Path) -> None:
    import_lab(lab, "--unit", "uM", "--name", "trial 7", "--pixel-size-um", "0.32", "--workers", "1")
    ome = zarr.open_group(lab / "p1.ome.zarr", mode="r").attrs["ome"]
    assert ome["plate"]["name"] == "trial 7"
    image = zarr.open_group(lab / "p1.ome.zarr" / "A" / "1" / "0", mode="r").attrs["ome"]
    assert image["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"] == [1.0, 0.32, 0.32]


def test_pictures_that_a_program_drew_are_said_to_be_drawn_wherever_the_plate_goes(lab: Path) -> None:
    import_lab(lab, "--unit", "uM", "--drawn")
    card = OmePlate(OmePlateConfig(str(lab))).card
    assert card.drawn
    assert "Plate p1 was drawn by a program." in card.notes


def test_pictures_are_taken_for_real_where_nobody_says_otherwise(lab: Path) -> None:
    import_lab(lab, "--unit", "uM")
    assert not OmePlate(OmePlateConfig(str(lab))).card.drawn


MISTAKES = [
    (("--unit", "uM", "--pattern", "{site}.png"), ConfigError, "Received: '{site}'"),
    (("--unit", "uM", "--pattern", "{well}.tif"), DataError, "'A01-1.png', 'A01-2.png', 'A02-1.png' ..."),
    ((), DataError, "a concentration needs a unit"),
    (("--unit", "uM", "--column", "batch"), click.UsageError, "--column needs two names"),
    (("--unit", "uM", "--channel", "=GFP"), click.UsageError, "--channel needs two names"),
    (("--unit", "uM", "--role", "n=positive"), click.UsageError, "--role says twice what 'n' is"),
    (("--unit", "uM", "--rows", "8"), click.UsageError, "--rows and --columns are given together"),
    (("--unit", "uM", "--rows", "1", "--columns", "2"), DataError, "well B01 is not on the plate"),
    (("--unit", "uM", "--pixel-size-um", "0"), DataError, "a pixel size above 0"),
    (("--unit", "uM", "--name", "a/b"), DataError, "a name without slashes"),
    (("--unit", "uM", "--channel", "3=GFP"), ConfigError, "Received: '3'"),
    (("--unit", "uM", "--wells", "absent.csv"), DataError, "No such file"),
    (("--unit", "uM", "--workers", "0"), click.UsageError, "--workers"),
]


@pytest.mark.parametrize(("given", "kind", "reason"), MISTAKES)
def test_a_mistake_is_said_in_a_line_and_leaves_nothing(
    lab: Path, given: tuple[str, ...], kind: type[Exception], reason: str
) -> None:
    with pytest.raises(kind) as caught:
        import_lab(lab, *given)
    text = caught.value.format_message() if isinstance(caught.value, click.UsageError) else str(caught.value)
    assert reason in text
    assert "\n" not in text
    assert sorted(path.name for path in lab.iterdir()) == ["source", "wells.csv"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [("C01,s,1,x", "names well C01"), ("a2,p,1,x", "two rows for well A02"), ("A99999,s,1,x", "row 5")],
)
def test_a_table_that_contradicts_the_plate_or_itself_is_refused(lab: Path, row: str, reason: str) -> None:
    table = lab / "wells.csv"
    table.write_text(table.read_text() + row + "\n")
    with pytest.raises(DataError, match=reason):
        import_lab(lab, "--unit", "uM")


def test_a_second_import_of_another_kind_is_refused(lab: Path) -> None:
    import_lab(lab, "--unit", "uM")
    with pytest.raises(OutputError, match="with other table"):
        import_lab(lab, "--unit", "nM")


def test_a_check_ends_with_0_where_nothing_is_wrong_and_with_1_where_something_is(lab: Path) -> None:
    import_lab(lab, "--unit", "uM")
    found = plate("check", lab / "p1.ome.zarr")
    assert (code_of(found), found.stdout.splitlines()[-1]) == (0, "ok")
    (lab / "p1.ome.zarr" / "wells.parquet").unlink()
    found = plate("check", lab / "p1.ome.zarr")
    assert code_of(found) == 1
    assert "problem, wells: p1" in found.stdout
    assert found.stdout.endswith("1 problem to mend\n")
    record = json.loads(plate("check", lab / "p1.ome.zarr", "--json").stdout)
    assert (record["ok"], record["problems"][0]["kind"]) == (False, "wells")


def test_a_check_keeps_what_it_found_of_the_wells_and_says_where_it_cannot(lab: Path) -> None:
    import_lab(lab, "--unit", "uM")
    plate("check", lab / "p1.ome.zarr")
    kept = lab / "p1.ome.zarr" / "quality.parquet"
    assert kept.is_file()
    kept.unlink()
    kept.mkdir()
    found = plate("check", lab / "p1.ome.zarr")
    assert (code_of(found), found.stdout.splitlines()[-1]) == (0, "ok")
    assert "quality.parquet cannot be written" in found.stderr


def test_a_folder_that_is_no_plate_is_a_mistake_and_no_finding(lab: Path) -> None:
    with pytest.raises(DataError, match="Received"):
        plate("check", lab / "source")


def arrays(folder: Path) -> dict[str, np.ndarray]:
    wells = [f"{row}/{column}" for row in "ABCDEFGH" for column in range(1, 13)]
    return {well: np.asarray(zarr.open_array(folder / well / "0" / "0", mode="r")[...]) for well in wells}


def test_a_killed_import_of_bbbc013_goes_on_to_the_same_arrays_and_a_check_finds_nothing(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    root = shared_data("hcs_bbbc013_plate")
    given = [*BBBC013, "--wells", str(root / "platemap.csv"), "--name", "BBBC013"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    plate("import", root / "images", whole, *given)
    process = subprocess.Popen([sys.executable, "-c", RUN, "import", str(root / "images"), str(killed), *given])
    while process.poll() is None and len(list(killed.glob("[A-H]/*/0/zarr.json"))) < 5:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "index.parquet").exists()
    record = json.loads(plate("import", root / "images", killed, *given, "--json").stdout)
    assert 0 < record["n_pictures_now"] <= 2 * (96 - 5)
    ours, theirs = arrays(killed), arrays(whole)
    for well, image in theirs.items():
        np.testing.assert_array_equal(ours[well], image)
    found = plate("check", killed)
    assert (code_of(found), found.stdout.splitlines()[-1]) == (0, "ok")


@pytest.mark.skipif(
    not entry_points(group="zoo.commands.v1", name="plate"),
    reason="zoo-phenomics was installed before it had a command",
)
def test_zoo_turns_mistakes_into_one_line_and_2_and_findings_into_1(lab: Path) -> None:
    def zoo(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "zoo_core.cli", "plate", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    mistake = zoo("import", lab / "source", lab / "plate", "--pattern", "{well}.tif", "--wells", lab / "wells.csv")
    assert (mistake.returncode, mistake.stdout, len(mistake.stderr.splitlines())) == (2, "", 1)
    import_lab(lab, "--unit", "uM")
    assert zoo("check", lab / "p1.ome.zarr").returncode == 0
    (lab / "p1.ome.zarr" / "wells.parquet").unlink()
    assert zoo("check", lab / "p1.ome.zarr").returncode == 1
