"""Laws of a task's head, loss and predictions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from zoo_core.contract import Arrays, SupportsScores
from zoo_core.data.reader import Batch
from zoo_core.evaluation.metrics import evaluate
from zoo_core.evaluation.predictions import (
    Origin,
    Predictions,
    join_predictions,
    label_columns,
    read_predictions,
    write_predictions,
)
from zoo_core.testing.checks import Checks
from zoo_core.testing.promises import broken, copied, difference
from zoo_core.testing.subjects import TaskSubject
from zoo_core.testing.task_network import Memory, gradients, losses, memorised

N_MEMORISED = 8
WELL_BELOW = 0.5
"""Share of the loss of outputs that ignore the image, to which memorising brings it at least; smoothed targets keep
it above 0."""

TOLERANCE = 1e-5
"""Relative: sums of float32 in another order."""

N_REPLICATES = 20


class OutputLaws(Checks):
    """What a network learns of a task, and what the task makes of its outputs."""

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls, task: TaskSubject) -> Batch:
        """The task's rows, read and preprocessed."""
        return task.examples.batch(task.rows)

    @pytest.fixture(scope="class")
    @classmethod
    def few(cls, batch: Batch) -> Batch:
        """The examples that are memorised."""
        return Batch(*(array[:N_MEMORISED] for array in (batch.images, batch.targets, batch.known)))

    @pytest.fixture(scope="class")
    @classmethod
    def images(cls, batch: Batch) -> np.ndarray:
        """(example, y, x, c), what the network sees of the task's rows."""
        return batch.images

    @pytest.fixture(scope="class")
    @classmethod
    def memory(cls, task: TaskSubject, few: Batch) -> Memory:
        """A small network that has learned eight examples by heart, if the task lets it."""
        return memorised(task.task, task.fitted, few)

    @pytest.fixture(scope="class")
    @classmethod
    def outputs(cls, memory: Memory, images: np.ndarray) -> np.ndarray:
        """(example, output), of that network."""
        return np.asarray(memory.model(images, training=False))

    def test_loss_has_a_value_for_each_label_of_each_example(
        self, task: TaskSubject, batch: Batch, outputs: np.ndarray
    ) -> None:
        """`loss` gives (example, label), finite whatever the outputs are."""
        wanted = (len(batch.images), len(task.task.labels))
        for scale in (1.0, 0.0, 50.0):
            found = losses(task.task, task.fitted, batch.targets, outputs * scale)
            if found.shape != wanted:
                broken(f"loss() gives (example, label), here {wanted}", found.shape, "leave sums to the trainer")
            if not np.isfinite(found[batch.known > 0]).all():
                broken("loss() is finite", f"not for outputs up to {np.abs(outputs * scale).max():g}", "use logits")

    def test_a_gradient_reaches_every_variable_of_the_head(self, task: TaskSubject, batch: Batch) -> None:
        """Each trainable variable of `head` is moved by the loss."""
        for name, gradient in gradients(task.task, task.fitted, batch).items():
            if gradient is None or not np.isfinite(gradient).all() or not gradient.any():
                came = "none" if gradient is None else "zeros alone" if not gradient.any() else "one that is not finite"
                broken(f"A gradient reaches '{name}'", came, "use every variable of head() in its outputs")

    def test_eight_examples_are_memorised(self, few: Batch, memory: Memory) -> None:
        """A network that can tell eight images apart learns their labels by heart from this loss."""
        varies = any(len(np.unique(few.targets[known > 0, i])) > 1 for i, known in enumerate(few.known.T))
        if not varies:
            pytest.skip("no label of its data set has two values among the examples")
        if not np.isfinite(memory.loss) or memory.loss > WELL_BELOW * memory.loss_of_constant:
            broken(
                f"Trained on {len(few.images)} examples, the loss falls below {WELL_BELOW:g} of "
                f"{memory.loss_of_constant:.4g}, the least of outputs that ignore the image",
                f"{memory.loss:.4g}",
                "see that preprocess keeps what tells images apart, and that less loss is a better answer",
            )

    def test_loss_is_less_for_the_right_answer(self, task: TaskSubject, few: Batch, outputs: np.ndarray) -> None:
        """What was learned has less loss with the examples' own labels than with each other's."""
        own = outputs[: len(few.images)]
        turned = np.roll(few.targets, 1, axis=0)
        known = few.known * np.roll(few.known, 1, axis=0)
        differs = known * (turned != few.targets)
        if not differs.any():
            pytest.skip("no label of its data set has two values among the examples")
        right, wrong = (float((losses(task.task, task.fitted, t, own) * known).sum()) for t in (few.targets, turned))
        if not right < wrong:
            broken(
                "The loss is less with the right labels than with others'", f"{right:.4g} and {wrong:.4g}", "mend loss"
            )

    def test_predictions_have_a_value_for_each_label(self, task: TaskSubject, outputs: np.ndarray) -> None:
        """`predict` gives (example, label), finite; of binary labels probabilities."""
        found, wanted = task.task.predict(outputs.copy(), task.fitted), (len(outputs), len(task.task.labels))
        if not isinstance(found, np.ndarray) or found.shape != wanted or found.dtype.kind != "f":
            came = f"{getattr(found, 'dtype', type(found).__name__)} {getattr(found, 'shape', '')}"
            broken(f"predict() gives (example, label), here floats {wanted}", came, "mend predict")
        if not np.isfinite(found).all():
            broken("predict() gives finite values", "NaN or infinity", "mend predict")
        for label, values in zip(task.task.labels, found.T, strict=True):
            if label.kind == "binary" and not ((values >= 0) & (values <= 1)).all():
                broken(
                    f"predict() gives probabilities of '{label.name}'",
                    f"{values.min()} to {values.max()}",
                    "use sigmoid",
                )

    def test_predicting_changes_no_input_and_repeats(self, task: TaskSubject, outputs: np.ndarray) -> None:
        """`predict` is deterministic, and leaves outputs and what was fitted as they are."""
        given, fitted = outputs.copy(), copied(task.fitted)
        found = [_predicted(task, given, fitted) for _ in range(2)]
        if not np.array_equal(given, outputs) or difference(task.fitted, fitted):
            broken("predict() leaves outputs and fitted arrays as they are", "others", "work on a copy")
        if words := difference(*found):
            broken("predict() gives the same each time", words, "leave randomness to augment")

    def test_predictions_do_not_depend_on_batch_mates(
        self, task: TaskSubject, memory: Memory, images: np.ndarray, outputs: np.ndarray
    ) -> None:
        """An example is predicted the same alone as among others."""
        together = _predicted(task, outputs, task.fitted)
        alone = [np.asarray(memory.model(image[np.newaxis], training=False)) for image in images]
        one_by_one = [_predicted(task, one, task.fitted) for one in alone]
        for name, values in together.items():
            if reason := far(values, np.concatenate([one[name] for one in one_by_one])):
                broken(f"{name}() of an example does not depend on its batch-mates", reason, "see head() and predict()")

    def test_a_saved_model_predicts_the_same(
        self, task: TaskSubject, memory: Memory, images: np.ndarray, outputs: np.ndarray, tmp_path: Path
    ) -> None:
        """Network and fitted arrays are read back by plain Keras and safetensors, and predict as before."""
        import keras

        memory.model.save(tmp_path / "model.keras")
        save_file({name: np.asarray(array, order="C") for name, array in task.fitted.items()}, tmp_path / "fitted")
        try:
            loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
        except Exception as error:  # noqa: BLE001 - Keras raises whatever came up
            broken(
                "Plain Keras loads the model", f"{type(error).__name__}: {error}", "use Keras's own layers in head()"
            )
        again = np.asarray(loaded(images, training=False))
        before, after = _predicted(task, outputs, task.fitted), _predicted(task, again, load_file(tmp_path / "fitted"))
        for name, values in before.items():
            if reason := far(values, after[name]):
                broken("A saved model predicts the same when it is loaded", reason, "keep all in variables and fit()")

    def test_predictions_of_two_halves_merge_to_the_metrics_of_the_whole(
        self, task: TaskSubject, outputs: np.ndarray, tmp_path: Path
    ) -> None:
        """Predicted on two machines and joined, examples have the metrics that they have together."""
        whole, half = np.arange(len(outputs)), len(outputs) // 2
        parts = {"whole": whole, "first": whole[:half], "second": whole[half:]}
        for name, places in parts.items():
            write_predictions(_predictions(task, places, outputs), tmp_path / f"{name}.parquet")
        join_predictions([tmp_path / "first.parquet", tmp_path / "second.parquet"], tmp_path / "joined.parquet")
        wanted, found = (
            evaluate(read_predictions(tmp_path / f"{name}.parquet"), N_REPLICATES)["test"]
            for name in ("whole", "joined")
        )
        if differing := [key for key in wanted if wanted[key] != found.get(key)]:
            broken(
                "Predictions of two halves merge to the metrics of the whole",
                f"others of {', '.join(differing)}",
                "predict each example by itself",
            )


def far(one: np.ndarray, other: np.ndarray) -> str | None:
    """How far two arrays are apart, in words; None where rounding explains it."""
    if one.shape != other.shape:
        return f"shapes {one.shape} and {other.shape}"
    allowed = TOLERANCE * max(1.0, float(np.abs(one).max(initial=0)))
    largest = float(np.abs(one - other).max(initial=0))
    return None if largest <= allowed else f"values up to {largest:.3g} apart"


def _predicted(task: TaskSubject, outputs: np.ndarray, fitted: Arrays) -> dict[str, np.ndarray]:
    found = {"predict": task.task.predict(outputs, fitted)}
    if isinstance(task.task, SupportsScores):
        found["scores"] = task.task.scores(outputs, fitted)
    return found


def _predictions(task: TaskSubject, places: np.ndarray, outputs: np.ndarray) -> Predictions:
    """Of some of the task's rows, as a run writes them."""
    rows, labels = task.rows[places], task.task.labels
    predicted = task.task.predict(outputs[places], task.fitted)
    columns = {
        **label_columns("truth", labels, task.examples.truth(rows)),
        **label_columns("prediction", labels, predicted.astype(np.float64)),
    }
    names = task.index.iloc[rows].reset_index(drop=True)
    groups = names[task.adapter.group_columns[0]].astype(str)
    table = pd.DataFrame({"example_id": names["example_id"], "group_id": groups, "split": "test", "status": "ok"})
    origin = Origin(
        task=task.name or "a task",
        dataset="a data set",
        drawn=task.adapter.card.drawn,
        labels=labels,
        model_hash="",
        split_name="kit",
        split_hash="",
        reported_metrics=task.task.reporting.metrics,
        noun=task.task.reporting.noun,
    )
    return Predictions(table.assign(reason=None, **columns), origin)
