"""Every mistake at `zoo run`: exit 2, one line that says what to change, and nothing written."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo_core.cli import main

CSV_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)


@pytest.fixture
def mistake(tmp_path, monkeypatch, capfd):
    """Runs `zoo run` in this process and gives the one line it must end with."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main(["run", *arguments]) == 2
        captured = capfd.readouterr()
        assert sorted(tmp_path.rglob("*")) == before
        return the_line(captured.out, captured.err)

    return run


@pytest.fixture
def late_mistake(tmp_path, run_zoo):
    """Runs `zoo run` in a process of its own, for what is found out after TensorFlow has started."""

    def run(*arguments: str) -> str:
        before = sorted(tmp_path.rglob("*"))
        done = run_zoo("run", *arguments, cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert sorted(tmp_path.rglob("*")) == before
        return the_line(done.stdout, done.stderr)

    return run


def the_line(out: str, err: str) -> str:
    assert out == ""
    assert "Traceback" not in err
    last = err.rstrip("\n").splitlines()[-1]
    assert last.startswith("zoo: error: ")
    return last


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-np", "5", "--hosts", "a.invalid:2,b.invalid:2"), "-np 5 needs as many slots. Received: 4 (2 on a.invalid"),
        (
            ("--hosts", "a.invalid:two"),
            "needs each host once, with its slots, such as a:2,b:2. Received: 'a.invalid:two'",
        ),
        (("--hosts", "a.invalid:1,a.invalid:1"), "needs each host once"),
        (("--restarts", "-1"), "--restarts (launch.n_restarts) needs a number from 0. Received: -1"),
        (("-np", "2", "--set", "launch.ssh=ssh 'x"), "launch.ssh needs a command line"),
        (("--hosts", "a.invalid:1", "--set", "launch.ssh=no-such-program"), "needs a program that can be started"),
        (("--hosts", "localhost:1,127.0.0.1:1"), "which are this one"),
    ],
)
def test_places_where_there_can_be_no_ranks(mistake, arguments, words):
    assert words in mistake("chexnet", "--preset", "smoke", *arguments)


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not installed: apt-get install openssh-client")
def test_a_host_that_cannot_be_reached_is_named_in_the_words_of_ssh(mistake):
    line = mistake("chexnet", "--preset", "smoke", "--hosts", "a.invalid:2")
    assert "Host 'a.invalid' needs to be reached by 'ssh' without a question. Received: ssh: " in line


def nih_root(folder: Path, n_images: int = 60) -> Path:
    """A small ROOT as NIH lays it out, of drawn noise, one patient an image."""
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    lines, names = [CSV_HEADER], []
    for i in range(n_images):
        name = f"{i:08d}_000.png"
        Image.fromarray(rng.integers(0, 255, (40, 40), dtype=np.uint8)).save(folder / "images" / name)
        lines.append(f"{name},{'Mass' if i % 3 else 'No Finding'},0,{i},{30 + i % 50},{'MF'[i % 2]},PA,40,40,0.1,0.1")
        names.append(name)
    (folder / "Data_Entry_2017.csv").write_text("\n".join(lines) + "\n")
    (folder / "train_val_list.txt").write_text("\n".join(names[: n_images * 2 // 3]) + "\n")
    (folder / "test_list.txt").write_text("\n".join(names[n_images * 2 // 3 :]) + "\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chexnett"], "did you mean 'chexnet'"),
        (["chexnet", "--data", "chest-fantom"], "did you mean 'chest-phantom'"),
        (["chexnet", "--topology", "densenet12"], "did you mean 'densenet121'"),
        (["chexnet", "--precision", "bfloat61"], "did you mean 'bfloat16'"),
        (["chexnet", "--preset", "smok"], "did you mean 'smoke'"),
        (["chexnet", "--set", "trainer.epochs=3"], "did you mean 'trainer.n_epochs'"),
        (["chexnet", "--config", "absent.toml"], "--config needs a TOML file"),
        (["chexnet", "-np", "0"], "-np"),
        (["chexnet", "-np", "two"], "-np"),
        (["chexnet", "--set", "task.label_names=['Scurvy']"], "'Scurvy'"),
        (["chexnet", "--set", "split.name=official"], "patient-hash. Received: 'official'"),
        (["chexnet", "--set", "split.group_by=plate"], "patient_id. Received: 'plate'"),
        (["chexnet", "--data", "chestxray14"], "chestxray14=ROOT"),
        (["chexnet", "--data", "chestxray14=nowhere"], "nowhere"),
        ([], "TASK"),
    ],
)
def test_word_that_is_not_known_is_named(mistake, arguments, words):
    assert words in mistake(*arguments)


def test_out_that_exists_is_never_touched(mistake, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "notes.txt").write_text("mine")
    assert "'old', which exists" in mistake("chexnet", "--preset", "smoke", "--out", "old")
    assert (tmp_path / "old" / "notes.txt").read_text() == "mine"


def test_out_below_a_file_is_refused(mistake, tmp_path):
    (tmp_path / "file").write_text("")
    assert "--out needs a folder that can be written" in mistake("chexnet", "--preset", "smoke", "--out", "file/run")


def test_empty_root_is_refused_with_what_was_looked_for(mistake, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "Data_Entry_2017" in mistake("chexnet", "--data", "chestxray14=empty")


def test_table_with_other_columns_is_refused_by_column(mistake, tmp_path):
    root = nih_root(tmp_path / "root")
    table = root / "Data_Entry_2017.csv"
    table.write_text(table.read_text().replace("Patient ID", "Person"))
    assert "Patient ID" in mistake("chexnet", "--data", f"chestxray14={root}")


def test_finding_that_is_none_of_the_14_is_refused_by_row(mistake, tmp_path):
    root = nih_root(tmp_path / "root")
    table = root / "Data_Entry_2017.csv"
    table.write_text(table.read_text().replace("00000003_000.png,No Finding", "00000003_000.png,Scurvy"))
    line = mistake("chexnet", "--data", f"chestxray14={root}")
    assert "row 5" in line  # the header is row 1
    assert "Scurvy" in line


def test_patient_in_both_lists_is_refused_by_rows(mistake, tmp_path):
    root = nih_root(tmp_path / "root")
    table = root / "Data_Entry_2017.csv"
    table.write_text(table.read_text().replace("00000059_000.png,Mass,0,59,", "00000059_000.png,Mass,0,0,"))
    assert "rows 0, 59" in mistake("chexnet", "--data", f"chestxray14={root}")


def test_more_than_one_percent_of_bad_images_stops_the_run_and_names_them(mistake, tmp_path):
    root = nih_root(tmp_path / "root")
    (root / "images" / "00000050_000.png").write_bytes(b"")
    line = mistake("chexnet", "--data", f"chestxray14={root}")
    assert "00000050_000.png" in line
    assert "0 bytes" in line


def test_network_too_deep_for_the_images_is_refused_and_leaves_no_run_folder(late_mistake):
    small = ["--preset", "smoke", "--set", "task.image_size_px=16"]
    assert "at least 32 x 32 px" in late_mistake("chexnet", *small, "--out", "run")


def test_weights_that_are_not_there_are_refused_by_every_rank_in_one_line(late_mistake):
    pytest.importorskip("horovod", reason="Horovod is not installed: 'make setup' builds it")
    weights = ["--set", "topology.weights=nonesuch"]
    assert "'nonesuch'" in late_mistake("chexnet", "--preset", "smoke", *weights, "-np", "2", "--out", "run")


def test_one_bad_image_in_more_than_a_hundred_is_left_out_and_reported(run_zoo, tmp_path):
    """The run stops for another reason once it has checked the images, so that the test takes no minute."""
    root = nih_root(tmp_path / "root", n_images=450)
    path = root / "images" / "00000010_000.png"
    path.write_bytes(path.read_bytes()[:100])
    done = run_zoo(
        "run", "chexnet", "--data", f"chestxray14={root}", "--set", "topology.weights=nonesuch", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "left out: '00000010_000.png'" in done.stderr
