"""A stranger's bad plugin, met through `zoo`: one line that names it, exit code 2, and nothing is left behind."""

from pathlib import Path
from typing import Any

import pytest

from zoo_core.plugins import load, registry

LIMIT_S = 0.3

LAB = '''
from dataclasses import dataclass
import numpy as np
import pandas as pd
from zoo_core.contract import ArraySpec, DatasetCard, Label, Plugin

@dataclass(frozen=True)
class Config:
    """Nothing can be set."""

class Lab:
    card = DatasetCard("Lab", "Noise.", "CC0", "none", "a program", drawn={drawn})
    labels = (Label("Effusion"), Label("Edema"))
    group_columns = ("meta.patient_id",)
    split_name = {split_name!r}
    specs = (ArraySpec("image", ("y", "x", "c"), (7, 5, 1), "uint8", (0, 255)),)

    def __init__(self, config):
        self.config = config

    def index(self):
        patient = np.arange(60) // 2
        return pd.DataFrame({{
            "example_id": [f"image-{{i}}" for i in range(60)],
            "label.Effusion": patient % 2,
            "label.Edema": patient % 3 == 0,
            "meta.patient_id": [f"patient-{{p}}" for p in patient],
            {split}
        }})

    def read(self, i):
        image = np.full((7, 5, 1), i, np.uint8)
        return {read}

plugin = Plugin(config=Config, create=Lab, summary="Noise.")
'''
SOUND = {"drawn": True, "split_name": None, "split": "", "read": '{"image": image}'}

WRITING_TASK = """
import dataclasses
from zoo_radiology.chexnet import CheXNet, plugin as chexnet

class Writes(CheXNet):
    def preprocess(self, example, fitted):
        example.arrays["image"][0, 0, 0] = 255
        return super().preprocess(example, fitted)

plugin = dataclasses.replace(chexnet, create=Writes)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which has to stay empty."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def refused(zoo: Any, folder: Path) -> Any:
    """Runs `zoo` in this process, which has to end with one line, exit code 2 and no file."""

    def run(*arguments: str) -> str:
        answer = zoo(*arguments)
        assert (answer.code, answer.out) == (2, "")
        *said, line = answer.err.splitlines()
        assert not [other for other in said if "error" in other or "Traceback" in other]
        assert line.startswith("zoo: error: ")
        assert list(folder.iterdir()) == []
        return line

    return run


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is loaded now and was not before: libraries may take their time."""
    for kind, name in (("task", "chexnet"), ("dataset", "chest-phantom"), ("precision", "float32")):
        load(kind, name)
    monkeypatch.setattr(registry, "IMPORT_LIMIT_S", LIMIT_S)


def install_lab(site: Any, **changes: Any) -> None:
    site.install("lab", {"zoo.datasets.v1:lab": "lab:plugin"}, lab=LAB.format(**SOUND | changes))


WAYS_TO_ASK = {
    "info": ("info", "tiny"),
    "run": ("run", "chexnet", "--preset", "smoke", "--topology", "tiny"),
    "ranks": ("run", "chexnet", "--preset", "smoke", "--topology", "tiny", "-np", "2"),
    "tune": ("tune", "chexnet", "--preset", "smoke", "--topology", "tiny"),
}


@pytest.mark.parametrize("way", WAYS_TO_ASK)
@pytest.mark.parametrize(
    "source_said",
    [
        ("raise OSError('no\\nmicroscope')", "does not load: importing 'lab_net:plugin' raised OSError: no microscope"),
        ("raise SystemExit(0)", "does not load: importing 'lab_net:plugin' raised SystemExit: 0"),
        ("while True: pass", "hangs: it does not load within 0.3 s"),
        ("import threading; threading.Event().wait()", "hangs: it does not load within 0.3 s"),
        ("plugin = {'config': None}", "does not keep the contract: it is a value of type dict, wanted a zoo_core"),
        ("from pathlib import Path as plugin", "does not keep the contract: it is the class Path, wanted a zoo_core"),
    ],
)
def test_what_raises_hangs_or_gives_the_wrong_thing_at_import_is_named(
    refused: Any, site: Any, short_limit: None, way: str, source_said: tuple[str, str]
) -> None:
    source, said = source_said
    site.install_topology("lab-net", "tiny", source)
    line = refused(*WAYS_TO_ASK[way])
    assert line.startswith("zoo: error: Topology 'tiny' of lab-net 1.0 ")
    assert said in line


def test_an_object_that_lacks_members_is_named_with_them(refused: Any, site: Any) -> None:
    install_lab(site)
    source = (site.folder / "lab.py").read_text().replace("def read(", "def fetch(").replace("labels =", "findings =")
    (site.folder / "lab.py").write_text(source)
    line = refused("run", "chexnet", "--data", "lab")
    assert "Dataset 'lab' of lab 1.0 makes an object that does not keep the contract: it lacks 'labels'" in line
    assert "it lacks 'read'" in line


@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize(
    ("read", "received"),
    [
        ('{"image": image.astype(np.float32)}', "float32 of shape (7, 5, 1)"),
        ('{"image": image[..., 0]}', "uint8 of shape (7, 5)"),
        ('{"image": image.transpose(2, 0, 1)}', "uint8 of shape (1, 7, 5)"),
        ('{"picture": image}', "none"),
    ],
)
def test_a_data_set_that_reads_something_else_than_it_declares_is_refused_before_a_run_is_written(
    refused: Any, site: Any, drawn: bool, read: str, received: str
) -> None:
    install_lab(site, read=read, drawn=drawn)
    line = refused("run", "chexnet", "--data", "lab", "--set", "store.when=never")
    assert "needs the array 'image' as its data set declares it: uint8 of axes (y 7, x 5, c 1)" in line
    assert "Example 'image-" in line
    assert "(row " in line
    assert f"Received: {received}" in line


def test_a_data_set_whose_own_split_cuts_a_group_is_refused_with_the_group(refused: Any, site: Any) -> None:
    split = '"split": ["train"] * 31 + ["validation"] * 9 + ["test"] * 20,'
    install_lab(site, split_name="official", split=split)
    line = refused("run", "chexnet", "--data", "lab")
    # Rows, not names: a group may be a patient.
    assert "Split 'official' must keep each group of 'meta.patient_id' in one part; 1 groups" in line
    assert "in rows 30, 31" in line


def test_a_task_that_writes_to_its_input_is_refused_and_leaves_no_run(
    signalling_lab: list[str], site: Any, folder: Path, run_zoo: Any
) -> None:
    site.install("lab-task", {"zoo.tasks.v1:writes": "lab_task:plugin"}, lab_task=WRITING_TASK)
    done = run_zoo("run", "writes", *signalling_lab[1:], cwd=folder)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith(
        "zoo: error: Task 'Writes' needs to leave the arrays that it is given as they are. Received: "
    )
    assert [path for path in folder.rglob("*") if path.is_file()] == []
