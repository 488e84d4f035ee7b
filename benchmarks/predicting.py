"""Images a second of one network in each precision, beside OpenVINO's own float32, bfloat16 and asynchronous queue.

python benchmarks/predicting.py
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from zoo_core.contract import Load, Rank
from zoo_core.runtime.inference import Inference
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.precisions import usable_backend
from zoo_core.runtime.process import prepare_process
from zoo_core.studies.step_time import StepShape, drawn_batch

PRECISIONS = ("float32", "bfloat16", "int8", "int8-litert")
REFERENCE = "TensorFlow float32"
QUEUE = "OpenVINO int8, its own asynchronous queue"
RATIOS = {
    "int8 to TensorFlow float32": ("zoo int8", REFERENCE),
    "int8 to OpenVINO float32": ("zoo int8", "OpenVINO float32"),
    "int8 to OpenVINO bfloat16": ("zoo int8", "OpenVINO bfloat16"),
    "zoo's computing alone to OpenVINO's queue": ("zoo int8", QUEUE),
    "bfloat16 to float32": ("zoo bfloat16", REFERENCE),
    "int8-litert to TensorFlow float32": ("zoo int8-litert", REFERENCE),
}

Way = Callable[[Sequence[np.ndarray]], None]


@click.command()
@click.option("--topology", default="densenet121", show_default=True)
@click.option("--size", "size_px", default=224, show_default=True)
@click.option("--batch", "batch_size", default=16, show_default=True)
@click.option("--batches", "n_batches", default=6, show_default=True, help="Of a turn.")
@click.option("--turns", default=7, show_default=True, help="In which every way takes part.")
def predicting(topology: str, size_px: int, batch_size: int, n_batches: int, turns: int) -> None:
    """Random weights: speed only. Each turn has all ways, and a ratio is of one turn."""
    prepare_process(Rank())
    shape = StepShape(topology, "float32", size_px, batch_size)
    with tempfile.TemporaryDirectory() as folder:
        ways = _ways(shape, Path(folder))
        batches = [drawn_batch(shape).images] * n_batches
        rates: dict[str, list[float]] = {name: [] for name in ways}
        load = os.getloadavg()
        for turn in range(turns + 1):
            for name, way in ways.items():
                start = time.perf_counter()
                way(batches)
                rate = n_batches * batch_size / (time.perf_counter() - start)
                rates[name] += [rate] if turn else []  # the first turn is for what is compiled at first use
    report = {
        "images_per_s": {name: round(float(np.median(own)), 1) for name, own in rates.items()},
        "ratios": {name: _ratio(rates[a], rates[b]) for name, (a, b) in RATIOS.items()},
        "shape": asdict(shape),
        "turns": turns,
        "load_before_and_after": [load, os.getloadavg()],
        "machine": asdict(describe_machine()),
    }
    click.echo(json.dumps(report, indent=2))


def _ratio(own: Sequence[float], other: Sequence[float]) -> list[float]:
    """Median, smallest and largest of the turns."""
    each = np.asarray(own) / np.asarray(other)
    return [round(float(value), 3) for value in np.quantile(each, (0.5, 0, 1))]


def _ways(shape: StepShape, folder: Path) -> dict[str, Way]:
    model = _model(shape)
    images = drawn_batch(shape).images
    ways: dict[str, Way] = {}
    n_cores = len(os.sched_getaffinity(0))
    for name in PRECISIONS:
        backend: Any = usable_backend(name)
        own = folder / name
        own.mkdir()
        converts = hasattr(backend, "convert")
        if converts:
            backend.convert(model, images, own)
        else:
            model.save(own / "model.keras")
        use = Load(shape.batch_size, n_cores if converts else 1)
        ways[f"zoo {name}" if name != "float32" else REFERENCE] = _zoo_way(backend.load(own, use), use)
    return ways | _openvino_ways(model, shape, folder)


def _model(shape: StepShape) -> Any:
    from typing import cast

    from zoo_core import plugins
    from zoo_core.contract import InputScaling, Task
    from zoo_core.models.assembly import build_backbone, build_model
    from zoo_core.studies.step_time import Findings

    network = plugins.create("topology", shape.topology, plugins.load("topology", shape.topology).config())
    backbone = build_backbone(network, (shape.size_px, shape.size_px, 3), "float32")
    return build_model(backbone, cast("Task", Findings()), InputScaling(), "float32")


def _zoo_way(network: Any, use: Load) -> Way:
    def way(batches: Sequence[np.ndarray]) -> None:
        for _ in Inference(network, use).outputs(batches):
            pass

    return way


def _openvino_ways(model: Any, shape: StepShape, folder: Path) -> dict[str, Way]:
    from zoo_core.precision.exporting import exported
    from zoo_core.precision.openvino_network import core, openvino

    with exported(model) as saved:
        network = openvino().convert_model(saved)
    int8 = core().read_model(folder / "int8" / "network.xml")
    for one in (network, int8):
        one.reshape([shape.batch_size, *list(one.input().partial_shape)[1:]])
    return {
        "OpenVINO float32": _queue(network, "f32"),
        "OpenVINO bfloat16": _queue(network, "bf16"),
        QUEUE: _queue(int8, "f32"),
    }


def _queue(network: Any, hint: str) -> Way:
    """OpenVINO's asynchronous queue, as its own documentation has it for throughput."""
    from zoo_core.precision.openvino_network import core, openvino

    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": hint}
    queue = openvino().AsyncInferQueue(core().compile_model(network, "CPU", settings))

    def way(batches: Sequence[np.ndarray]) -> None:
        for images in batches:
            queue.start_async([images])
        queue.wait_all()

    return way


if __name__ == "__main__":
    predicting()
