"""`zoo data check` of data sets as a user meets it: what is found, the last sentence, and the exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FLAWED = '''
from dataclasses import dataclass
import numpy as np
import pandas as pd
from zoo_core.contract import ArraySpec, DatasetCard, ImageError, Label, Plugin

@dataclass(frozen=True)
class Config:
    """What is wrong.

    Attributes:
        root: unused.
        flaw: its name.
    """
    root: str = ""
    flaw: str = ""

class Flawed:
    card = DatasetCard("Flawed pictures", "Noise.", "none", "none", "a coin", drawn=False)
    specs = (ArraySpec("image", ("y", "x", "c"), (None, None, 1), "uint8", (0, 250)),)
    labels = (Label("Heads"),)
    group_columns = ("meta.coin",)
    split_name = "given"

    def __init__(self, config):
        self.flaw = config.flaw

    def index(self):
        rows = np.arange(60)
        index = pd.DataFrame({"example_id": [f"e{i}" for i in rows], "split": np.array(["train", "validation", "test"])[rows // 20],
            "label.Heads": (rows % 2).astype(float), "meta.coin": [f"c{i // 2}" for i in rows], "meta.side": np.where(rows % 4 < 2, "n", "s"),
            "meta.table_row": rows + 2})
        if self.flaw == "group": index.loc[5, "meta.coin"] = "c15"
        if self.flaw == "labels": index["label.Heads"] = 1.0
        if self.flaw == "strata": index.loc[(rows >= 40) & (index["meta.side"] == "s"), "label.Heads"] = 0.0
        return index

    def read(self, i):
        seed, shape = i, (40, 40, 1)
        if self.flaw == "unreadable" and i in (3, 4) or self.flaw == "gone": raise ImageError(f"folder 'pictures' is gone, row {i}")
        if self.flaw == "copies" and i == 7: seed = 8
        if self.flaw == "leak" and i == 7: seed = 47
        if self.flaw == "size" and i == 7: shape = (40, 44, 1)
        image = np.random.default_rng(seed).integers(0, 250, shape).astype(np.uint8)
        if self.flaw == "inverted":
            image = (image // 5 + np.arange(40, dtype=np.uint8)[:, None, None] * 5).astype(np.uint8)
            image = 250 - image if i == 7 else image
        if self.flaw == "range" and i == 7: image[0, 0] = 255
        if self.flaw == "constant" and i == 7: image[:] = 9
        return {"image": image}

plugin = Plugin(config=Config, create=Flawed, summary="Flawed.")
'''  # noqa: E501 - a program in a string


@pytest.fixture
def check(zoo: Any, site: Any) -> Callable[..., Any]:
    site.install("flawed", {"zoo.datasets.v1:flawed": "flawed:plugin"}, flawed=FLAWED)

    def run(flaw: str, *more: str) -> Any:
        return zoo("data", "check", "flawed", "--set", f"data.flaw={flaw}", *more)

    return run


@pytest.mark.parametrize(
    ("flaw", "kind", "words"),
    [
        ("unreadable", "unreadable", "2 of 20 in train cannot be read, and at most 1% may be; such as folder"),
        ("range", "undeclared", "outside the declared range, (0, 250): table row 9"),
        ("constant", "constant", "1 picture of one value, which show nothing: table row 9"),
        ("leak", "leak", "1 set of pictures that look the same in different parts of the split: table rows 9, 49"),
        ("group", "split", "Split 'given' must keep each group of 'meta.coin' in one part"),
        ("labels", "labels", "no label has anything to tell apart in train"),
    ],
)
def test_a_fault_is_named_and_makes_a_data_set_unfit(
    check: Callable[..., Any], flaw: str, kind: str, words: str
) -> None:
    answer = check(flaw)
    assert answer.code == 1
    assert words in answer.out
    assert f"fault  {kind}" in answer.out
    assert answer.out.splitlines()[-1] == f"Not fit to train on: {kind} must be mended first."


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("copies", "1 set of pictures that look the same in one part of the split: table rows 9, 10"),
        ("size", "1 picture not of the usual size 40 x 40 px: table row 9"),
        ("strata", "in test no positive, so that nothing is measured: Heads where side is s (n 10)"),
    ],
)
def test_a_note_is_no_fault(check: Callable[..., Any], flaw: str, words: str) -> None:
    answer = check(flaw)
    assert answer.code == 0
    assert words in answer.out
    assert answer.out.splitlines()[-1] == "Fit to train on; 1 note to read first."


def test_a_sound_data_set_is_fit_and_its_labels_are_counted(check: Callable[..., Any]) -> None:
    answer = check("none")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Fit to train on.")
    assert "split given: 20 train, 20 validation, 20 test" in answer.out
    assert "Heads  10 of 20  10 of 20    10 of 20" in answer.out
    assert "Flawed pictures; 60 examples" in answer.err


def test_a_negative_is_a_note_that_names_its_row(check: Callable[..., Any]) -> None:
    answer = check("inverted")
    assert answer.code == 0
    assert "note  inverted  1 picture like negatives of most others" in answer.out
    assert "table row 9. Look at them" in answer.out


def test_json_is_one_record_with_every_row(check: Callable[..., Any]) -> None:
    answer = check("gone", "--json")
    record = json.loads(answer.out)
    assert (answer.code, record["is_fit"], record["n_examples"]) == (1, False, 60)
    assert [finding["kind"] for finding in record["findings"]] == ["unreadable"] * 3
    assert [row for finding in record["findings"] for row in finding["rows"]] == list(range(60))


def test_the_split_can_be_set(check: Callable[..., Any]) -> None:
    assert "split coin-hash: " in check("none", "--set", "split.name=coin-hash").out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "needs the name of its adapter"),
        ("dataset = 3\n", "with 3"),
        ('dataset = "flaved"\n', "did you mean 'flawed'"),
        ("dataset =", "needs a TOML file"),
    ],
)
def test_a_description_that_cannot_be_used_is_one_line(
    check: Callable[..., Any], zoo: Any, tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(content)
    answer = zoo("data", "check", str(path))
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert words in answer.err


def test_a_description_leads_to_its_adapter(check: Callable[..., Any], zoo: Any, tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('dataset = "flawed"\n')
    assert zoo("data", "check", str(tmp_path / "lab.toml")).out.startswith("flawed: Flawed pictures\n")


@pytest.mark.parametrize("subject", ["nowhere.toml", "nowhere", "flaved=nowhere"])
def test_what_is_not_there_is_a_mistake(check: Callable[..., Any], zoo: Any, subject: str) -> None:
    answer = zoo("data", "check", subject)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
