"""How long a train step of a topology takes on this machine; measured in a process that ends, and its memory with it.

python -m zoo_core.studies.step_time TOPOLOGY PRECISION SIZE_PX BATCH_SIZE
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from zoo_core import plugins
from zoo_core.contract import Communicator, ConfigError, MachineError, Rank, Task, ZooError

N_WARM_UP, N_STEPS = 3, 5
N_LABELS = 14
"""Outputs of the head, as many as ChestX-ray14 has findings: next to a backbone they cost nothing."""


@dataclass(frozen=True)
class StepShape:
    """Which step is measured.

    Attributes:
        topology: name of the network.
        precision: name of the numbers it computes with.
        size_px: length of y and x of the images, which have three channels.
        batch_size: examples of the step.
    """

    topology: str
    precision: str
    size_px: int
    batch_size: int


def measured_step_s(shape: StepShape) -> float:
    """Seconds of the fastest of some steps on all cores of this machine: what else it does can only slow a step.

    Raises:
        ConfigError: the topology cannot be built for such images.
        MachineError: the process failed.
    """
    command = [sys.executable, "-m", "zoo_core.studies.step_time", *map(str, asdict(shape).values())]
    # A group of its own: Ctrl-C in a terminal reaches the study alone, which ends this process.
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            out, err = process.communicate()
        finally:
            process.kill()
    if process.returncode:
        said = (err.strip().splitlines() or ["nothing"])[-1]
        raise MachineError(f"A train step of '{shape.topology}' needs to be measured, which failed: {said}")
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    if "mistake" in answer:
        raise ConfigError(answer["mistake"])
    return float(answer["step_s"])


class Findings:
    """The head and the loss of a task of several labels: all that a train step asks of one."""

    def head(self, features: Any) -> Any:
        """One logit a label from the features' mean over the picture."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(features)
        return keras.layers.Dense(N_LABELS, dtype="float32")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Any) -> Any:  # noqa: ARG002 - the contract's
        """Binary cross-entropy of each label."""
        from keras import ops

        return ops.softplus(outputs) - targets * outputs


def measure(shape: StepShape) -> list[float]:
    """Seconds of each of `N_STEPS` steps after the first few.

    Raises:
        ZooError: a plugin that is not there, or images that are too small for it.
    """
    prepare(shape)
    train, batch = make_step(shape)
    seconds = []
    for _ in range(N_WARM_UP + N_STEPS):
        start = time.perf_counter()
        train([batch], 1e-3)
        seconds.append(time.perf_counter() - start)
    return seconds[N_WARM_UP:]


def prepare(shape: StepShape, rank: Rank | None = None) -> None:
    """TensorFlow with this rank's cores, or all where there is one process, and the same random weights each time."""
    from zoo_core.runtime.process import prepare_process

    plugins.find("topology", shape.topology)
    prepare_process(rank or Rank())
    import keras

    keras.utils.set_random_seed(0)


def make_step(shape: StepShape, communicator: Communicator | None = None) -> tuple[Any, Any]:
    """The train step that a run makes, of one rank or of those of a communicator, and a batch for it."""
    import keras

    from zoo_core.contract import InputScaling
    from zoo_core.distributed.single import SingleRank
    from zoo_core.models.assembly import build_backbone, build_model
    from zoo_core.runtime.precisions import training_policy
    from zoo_core.runtime.settings import plugin_choice
    from zoo_core.runtime.sharing import Sharing
    from zoo_core.runtime.step import TrainStep

    network = plugins.create("topology", shape.topology, plugins.load("topology", shape.topology).config())
    policy = training_policy(plugin_choice("precision", {"name": shape.precision}))
    # A step asks for these two methods alone.
    task = cast("Task", Findings())
    backbone = build_backbone(network, (shape.size_px, shape.size_px, 3), policy)
    model = build_model(backbone, task, InputScaling(), policy)
    step = TrainStep(model, task, {}, keras.optimizers.Adam(), Sharing(communicator or SingleRank()))
    return step, drawn_batch(shape)


def drawn_batch(shape: StepShape) -> Any:
    """A batch of noise, of which one label in ten is positive."""
    from zoo_core.data.reader import Batch

    rng = np.random.default_rng(0)
    images = rng.random((shape.batch_size, shape.size_px, shape.size_px, 3), np.float32)
    targets = (rng.random((shape.batch_size, N_LABELS)) < 0.1).astype(np.float32)
    return Batch(images, targets, np.ones_like(targets))


def main(topology: str, precision: str, *sizes: str) -> None:
    """Print one line of JSON: the fastest step, or a user's mistake."""
    try:
        answer: dict[str, Any] = {"step_s": min(measure(StepShape(topology, precision, *map(int, sizes))))}
    except ZooError as error:
        answer = {"mistake": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
