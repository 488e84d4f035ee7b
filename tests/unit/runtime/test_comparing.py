"""What `zoo compare` computes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoo_core.contract import DataError
from zoo_core.evaluation.comparison import AGAINST, compare
from zoo_core.evaluation.predictions import read_predictions
from zoo_core.runtime.comparing import compare_runs
from zoo_core.runtime.record import RunFolder

N_REPLICATES = 40

Write = Callable[..., Path]


def compared(*folders: Path) -> dict[str, Any]:
    return compare_runs([RunFolder(folder) for folder in folders], N_REPLICATES)


def change(folder: Path, *path: str, value: Any) -> None:
    """Another value deep in a run's `run.json`."""
    description = json.loads((folder / "run.json").read_text())
    node = description
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    (folder / "run.json").write_text(json.dumps(description))


def test_each_run_is_held_against_the_first_as_a_comparison_of_two(finished_run: Write) -> None:
    folders = [finished_run(name, skill) for name, skill in (("a", 0.3), ("bb", 0.5), ("ccc", 0.1))]
    result = compared(*folders)
    assert [one["run"] for one in result["comparisons"]] == ["bb", "ccc"]
    predictions = [read_predictions(folder / "predictions.parquet") for folder in folders]
    for one, other in zip(result["comparisons"], predictions[1:], strict=True):
        wanted = compare(other, predictions[0], N_REPLICATES)["test"]
        label = wanted["labels"]["Hernia"]
        assert one["labels"]["Hernia"]["auroc"] == {
            "value": label["auroc"],
            "reference": label["baselines"][AGAINST]["auroc"],
            "difference": label["baselines"][AGAINST]["difference"]["auroc"],
        }
        assert one["mean"]["auprc"]["difference"] == wanted["mean"]["baselines"][AGAINST]["difference"]["auprc"]
        assert one["shared"] == {"n": 60, "n_only_first": 0, "n_only_second": 0}


def test_a_better_run_has_a_difference_above_zero(finished_run: Write) -> None:
    (one,) = compared(finished_run("a", 0.1), finished_run("bb", 0.9))["comparisons"]
    assert one["mean"]["auroc"]["difference"][0] > 0


def test_only_shared_examples_are_compared_and_the_others_counted(finished_run: Write) -> None:
    result = compared(finished_run("a", 0.3, slice(0, 40)), finished_run("bb", 0.3, slice(10, 60)))
    (one,) = result["comparisons"]
    assert one["shared"] == {"n": 30, "n_only_first": 20, "n_only_second": 10}
    assert [run["n"] for run in result["runs"]] == [40, 50]


def test_each_run_has_its_own_mean_and_speed(finished_run: Write) -> None:
    folders = finished_run("a", 0.3), finished_run("bb", 0.5)
    for run, folder in zip(compared(*folders)["runs"], folders, strict=True):
        metrics = json.loads((folder / "metrics.json").read_text())["test"]
        assert run["mean"] == {name: metrics["mean"][name] for name in ("auroc", "auprc")}
        # The median of the epochs that had a step: 8 and 10.
        assert run["speed"] == {"images_per_s": 9.0, "wall_s": 90.0, "n_starts": 1}


def test_a_model_that_was_only_tested_there_has_no_speed(finished_run: Write) -> None:
    folders = finished_run("a", 0.3), finished_run("bb", 0.5)
    model = {"data": {"name": "b-set", "fingerprint": "b"}, "split": {"name": "plant-hash", "hash": "b"}}
    change(folders[1], "evaluation", value={"model": model, "seen_groups": None, "namespace": "n"})
    (folders[1] / "events.jsonl").unlink()
    assert compared(*folders)["runs"][1]["speed"] == {"images_per_s": None, "wall_s": None, "n_starts": 0}


def test_only_what_differs_is_listed_with_the_value_of_each_run_that_has_it(finished_run: Write) -> None:
    folders = finished_run("a", 0.3), finished_run("bb", 0.5), finished_run("ccc", 0.5)
    assert not any(compared(*folders)["differing"].values())
    change(folders[1], "config", "trainer", "n_epochs", value=3)
    change(folders[2], "config", "trainer", "augment", value=False)
    change(folders[2], "machine", "cpu_model", value="another CPU")
    differing = compared(*folders)["differing"]
    assert differing["settings"] == [
        {"key": "trainer.n_epochs", "values": {"a": 1, "bb": 3, "ccc": 1}},
        {"key": "trainer.augment", "values": {"ccc": False}},
    ]
    assert [row["key"] for row in differing["machine"]] == ["machine.cpu_model"]
    assert differing["versions"] == differing["data, split and weights"] == []


def test_folders_of_one_name_are_told_apart_by_as_much_of_their_path_as_it_takes(finished_run: Write) -> None:
    folders = finished_run("mon/x/run", 0.3), finished_run("tue/x/run", 0.5)
    assert [run["name"] for run in compared(*folders)["runs"]] == ["mon/x/run", "tue/x/run"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"task": "u"}, "'t' in 'a' and 'u' in 'bb'"),
        ({"labels": ("Mass", "Edema")}, "in the first alone Edema; in the second alone Hernia"),
        ({"rows": slice(30, 60)}, "'bb' beside 'a': A comparison needs examples that both files predict"),
    ],
)
def test_runs_that_do_not_compare_are_refused_in_one_line(
    finished_run: Write, other: dict[str, Any], said: str
) -> None:
    folders = finished_run("a", 0.3, slice(0, 30)), finished_run("bb", 0.3, **{"rows": slice(0, 30), **other})
    with pytest.raises(DataError) as raised:
        compared(*folders)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_run_that_is_named_twice_has_not_finished_or_is_alone_is_refused(finished_run: Write) -> None:
    first, second = finished_run("a", 0.3), finished_run("bb", 0.3)
    with pytest.raises(DataError, match="twice"):
        compared(first, second, first.parent / "bb" / ".." / "a")
    with pytest.raises(DataError, match="two runs or more"):
        compared(first)
    (second / "metrics.json").unlink()
    with pytest.raises(DataError, match=r"bb', which has no metrics\.json"):
        compared(first, second)
