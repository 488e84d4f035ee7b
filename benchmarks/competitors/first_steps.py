"""Seconds from the start of a process to the end of its second train step; called by `startup.py`.

python benchmarks/competitors/first_steps.py zoo|keras TOPOLOGY SIZE_PX BATCH_SIZE
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

N_STEPS = 2


def main(who: str, topology: str, size_px: int, batch_size: int) -> None:
    """Train until the second step is done; print a number."""
    {"zoo": _zoo, "keras": _keras}[who](topology, size_px, batch_size)


def _zoo(topology: str, size_px: int, batch_size: int) -> None:
    """The whole of `zoo run`, from the command line to the step."""
    from zoo_core.cli import main as zoo
    from zoo_core.runtime import start

    prepare = start.prepare_process

    def prepared(*arguments: Any) -> list[int]:
        cores: list[int] = prepare(*arguments)
        from zoo_core.runtime.step import TrainStep

        TrainStep.__call__ = _counted(TrainStep.__call__)  # type: ignore[method-assign]
        return cores

    start.prepare_process = prepared
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "run",
            "chexnet",
            "--data",
            "chest-phantom",
            "--topology",
            topology,
            "--out",
            f"{folder}/run",
            "-np",
        ]
        sizes = [f"task.image_size_px={size_px}", f"data.size_px={size_px}"]
        settings = [*sizes, f"trainer.global_batch_size={batch_size}"]
        sys.exit(zoo([*arguments, "1", *(word for setting in settings for word in ("--set", setting))]))


def _keras(topology: str, size_px: int, batch_size: int) -> None:
    """The same network through `fit`, without any change to it and to TensorFlow."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import numpy as np

    from zoo_core import plugins

    network = plugins.create("topology", topology, plugins.load("topology", topology).config())
    backbone = network.build((size_px, size_px, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
    model = keras.Model(backbone.input, keras.layers.Dense(14, dtype="float32")(pooled))
    model.compile(keras.optimizers.Adam(), keras.losses.BinaryCrossentropy(from_logits=True))
    rng = np.random.default_rng(0)
    images = rng.random((N_STEPS * batch_size, size_px, size_px, 3), np.float32)
    targets = (rng.random((N_STEPS * batch_size, 14)) < 0.1).astype(np.float32)
    model.fit(images, targets, batch_size, verbose=0)
    _tell()


def _counted(step: Callable[..., float]) -> Callable[..., float]:
    done = []

    def counted(*arguments: Any) -> float:
        done.append(step(*arguments))
        if len(done) == N_STEPS:
            _tell()
            os._exit(0)
        return done[-1]

    return counted


def _tell() -> None:
    print(f"{seconds_since_start():.2f}", flush=True)  # noqa: T201 - what the other process reads


def seconds_since_start() -> float:
    """Of this process, as the kernel counts them."""
    started = float(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    now = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return now - started / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
