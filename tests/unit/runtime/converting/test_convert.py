"""A conversion: kept where it is within its limits, and else not a file of it is left."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo_core.contract import Load, PluginError
from zoo_core.data.files import sha256_of
from zoo_core.distributed.signals import Stopped
from zoo_core.evaluation.gate import FEW, PASSED, REFUSED
from zoo_core.runtime.converting import judging
from zoo_core.runtime.converting.convert import quantize
from zoo_core.runtime.precisions import usable_backend
from zoo_core.runtime.trained_model import read_model

MakeJob = Callable[..., Any]


def same(outputs: np.ndarray) -> np.ndarray:
    return outputs


def noise(outputs: np.ndarray) -> np.ndarray:
    return np.random.default_rng(len(outputs)).normal(size=outputs.shape).astype(np.float32)


def no_numbers(outputs: np.ndarray) -> np.ndarray:
    return np.full_like(outputs, np.nan)


def swapped(outputs: np.ndarray) -> np.ndarray:
    return np.roll(outputs, 1, axis=0)


def left_in(run: Path) -> set[str]:
    return {path.name for path in run.iterdir()}


UNTOUCHED = {"model", "run.json", "metrics.json"}


def test_a_good_conversion_lies_beside_the_model_with_all_that_reading_it_needs(make_job: MakeJob, told: Any) -> None:
    job = make_job(told(same))
    outcome = quantize(job)
    assert outcome.record["verdict"] == PASSED
    assert outcome.folder == job.run.path / "model-int8"
    assert left_in(job.run.path) == {*UNTOUCHED, "model-int8"}
    names = left_in(outcome.folder)
    assert names == {"network.txt", "conversion.json", "model.json", "fitted.safetensors", "groups.json"} | {
        "metadata_baseline.json"
    }
    converted = read_model(outcome.folder)
    assert converted.description == job.model.description
    assert {name: array.tolist() for name, array in converted.fitted.items()} == {
        name: array.tolist() for name, array in job.model.fitted.items()
    }


def test_the_record_says_what_was_done_and_what_came_of_it(make_job: MakeJob, told: Any, bright: Any) -> None:
    outcome = quantize(make_job(told(same)))
    assert outcome.folder is not None
    record = json.loads((outcome.folder / "conversion.json").read_text())
    assert record == json.loads(json.dumps(outcome.record))
    assert (record["schema_version"], record["precision"], record["how"]) == (1, "int8", {"bits": 8})
    assert record["network_files"] == {"network.txt": sha256_of(outcome.folder / "network.txt")}
    assert record["comparison"]["labels"]["Mass"]["verdict"] == PASSED
    assert record["comparison"]["labels"]["Hernia"]["verdict"] == FEW
    assert (record["control"], set(record["speed"]["ratio"])) == (None, {"float32", "int8"})
    assert record["bytes"]["int8"] == len("plain")


def test_calibration_sees_training_examples_alone_and_they_are_named(make_job: MakeJob, told: Any, bright: Any) -> None:
    backend = told(same)
    record = quantize(make_job(backend)).record
    names = record["calibration"]["example_ids"]
    rows = [int(name[1:]) for name in names]
    assert (len(set(names)), record["calibration"]["n"], record["calibration"]["split"]) == (20, 20, "train")
    assert set(bright.split.part[rows]) == {"train"}
    np.testing.assert_array_equal(backend.calibration, bright.examples().batch(np.array(rows)).images)


def test_a_verdict_is_of_the_validation_split_alone(make_job: MakeJob, told: Any, bright: Any) -> None:
    assert quantize(make_job(told(same))).record["comparison"]["n"] == len(bright.rows("validation"))


@pytest.mark.parametrize("spoil", [noise, no_numbers, swapped])
def test_a_conversion_that_spoils_the_model_is_refused_and_nothing_is_left(
    make_job: MakeJob, told: Any, spoil: Callable[[np.ndarray], np.ndarray]
) -> None:
    job = make_job(told(spoil))
    outcome = quantize(job)
    assert (outcome.record["verdict"], outcome.folder, outcome.record["speed"]) == (REFUSED, None, None)
    assert outcome.record["comparison"]["reasons"]
    assert left_in(job.run.path) == UNTOUCHED


def test_a_backend_that_wrote_nothing_is_found_out(make_job: MakeJob, told: Any) -> None:
    job = make_job(told(same, writes=False))
    with pytest.raises(PluginError, match=r"needs to write a network.*Received: an empty folder"):
        quantize(job)
    assert left_in(job.run.path) == UNTOUCHED


def test_control_saves_what_would_be_refused(make_job: MakeJob, told_with_control: Any) -> None:
    backend = told_with_control(noise)
    outcome = quantize(make_job(backend))
    control = outcome.record["control"]
    assert (outcome.record["verdict"], control["float_layers"]) == (PASSED, ["second"])
    assert control["without"]["verdict"] == REFUSED
    assert set(outcome.record["speed"]["ratio"]) == {"float32", "int8", "int8 without control"}
    assert outcome.folder is not None
    assert (outcome.folder / "network.txt").read_text() == "controlled"
    assert not [path for path in outcome.folder.iterdir() if path.is_dir()]


def test_control_is_scored_by_the_gates_margin(make_job: MakeJob, told_with_control: Any) -> None:
    backend = told_with_control(noise)
    job = make_job(backend)
    quantize(job)
    own, spoilt = backend.margins
    assert own == pytest.approx(job.limits.mean, abs=1e-6)
    assert spoilt < 0


def test_control_that_finds_nothing_leaves_nothing(make_job: MakeJob, told_with_control: Any) -> None:
    job = make_job(told_with_control(noise, finds=False))
    outcome = quantize(job)
    assert (outcome.record["verdict"], outcome.record["control"]["float_layers"]) == (REFUSED, None)
    assert left_in(job.run.path) == UNTOUCHED


def test_control_that_lies_is_judged_like_any_other(make_job: MakeJob, told_with_control: Any) -> None:
    outcome = quantize(make_job(told_with_control(noise, lies=True)))
    assert (outcome.record["verdict"], outcome.folder) == (REFUSED, None)
    assert outcome.record["control"]["float_layers"] == ["second"]


def test_without_control_a_refusal_is_the_end(make_job: MakeJob, told_with_control: Any) -> None:
    backend = told_with_control(noise)
    outcome = quantize(make_job(backend, control_s=None))
    assert (outcome.record["verdict"], outcome.record["control"], backend.margins) == (REFUSED, None, [])


def test_what_passes_needs_no_control(make_job: MakeJob, told_with_control: Any) -> None:
    backend = told_with_control(same)
    assert quantize(make_job(backend)).record["control"] is None
    assert backend.margins == []


def test_the_kept_network_is_loaded_once_as_predictions_will_load_it(make_job: MakeJob, told: Any) -> None:
    backend = told(same)
    quantize(make_job(backend))
    n_cores = len(os.sched_getaffinity(0))
    assert backend.uses[-2:] == [("model-int8", Load(1, 1)), ("model-int8", Load(32, n_cores))]


@pytest.mark.usefixtures("heeded_signals")
def test_a_signal_ends_it_and_leaves_nothing(make_job: MakeJob, told: Any) -> None:
    def preempted(outputs: np.ndarray) -> np.ndarray:
        os.kill(os.getpid(), signal.SIGTERM)
        return outputs

    job = make_job(told(preempted))
    with pytest.raises(Stopped):
        quantize(job)
    assert left_in(job.run.path) == UNTOUCHED


@pytest.mark.parametrize(("most_bytes", "n"), [(2**31, 160), (16 * 16 * 3 * 4 * 9, 9), (1, 1)])
def test_control_holds_as_many_images_as_fit_evenly_drawn(
    make_job: MakeJob, told: Any, bright: Any, most_bytes: int, n: int
) -> None:
    rows = judging.control_rows(make_job(told(same)), most_bytes)
    assert len(set(rows)) == n
    assert set(rows) <= set(bright.rows("validation"))
    if n > 1:
        assert (rows[0], rows[-1]) == (bright.rows("validation")[0], bright.rows("validation")[-1])


SPIKE = 1000.0


def test_8_bits_keep_a_model_whose_channels_are_alike(make_job: MakeJob) -> None:
    outcome = quantize(make_job(usable_backend("int8")))
    assert outcome.record["verdict"] == PASSED
    assert outcome.record["control"] is None


def test_8_bits_are_refused_where_one_channel_drowns_the_others(make_job: MakeJob) -> None:
    job = make_job(usable_backend("int8"), spike=SPIKE, control_s=None)
    outcome = quantize(job)
    assert outcome.record["verdict"] == REFUSED
    assert outcome.record["comparison"]["labels"]["Mass"]["difference"][0] < -0.1
    assert left_in(job.run.path) == UNTOUCHED


def test_a_layer_left_in_float32_saves_it(make_job: MakeJob) -> None:
    outcome = quantize(make_job(usable_backend("int8"), spike=SPIKE))
    assert outcome.record["verdict"] == PASSED
    assert outcome.record["control"]["without"]["verdict"] == REFUSED
    assert outcome.record["control"]["float_layers"] == ["second"]
    assert outcome.folder is not None
    assert {"network.xml", "network.bin"} == set(outcome.record["network_files"])
