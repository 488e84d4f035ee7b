"""A sound precision, and precisions that break one law each."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.unit.testing.judging import Liar
from zoo_core.contract import DataError, Load, Network
from zoo_core.precision.keras_network import FILE, KerasNetwork, in_float32
from zoo_core.testing.drawn_networks import N_LABELS


class Sound:
    """float32 in another file: a precision that networks are trained in and converted to."""

    instructions: tuple[str, ...] = ()
    promise = "All of float32."

    def unavailable(self) -> str | None:
        return None

    def policy(self) -> str:
        return "float32"

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Any:
        in_float32(model).save(folder / FILE)
        return {"numbers": "24 bits"}

    def load(self, folder: Path, use: Load) -> Network:
        from zoo_core.models.assembly import load_model

        return self.network(KerasNetwork(load_model(folder / FILE)))

    def network(self, one: Network) -> Network:
        return one


class Changed:
    """A network with other outputs."""

    def __init__(self, network: Network, change: Callable[[np.ndarray], np.ndarray]) -> None:
        self._network = network
        self._change = change

    def outputs(self, images: np.ndarray) -> np.ndarray:
        return self._change(self._network.outputs(images))


def lying(**members: Any) -> Callable[[], Any]:
    """Gives a sound precision but for some members."""
    return lambda: type("Lying", (Sound,), members)()


def of_outputs(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
    return lying(network=lambda self, one: Changed(one, change))


def first_output_alone(outputs: np.ndarray) -> np.ndarray:
    """The order of an image's classes is lost, and that of images by each label with it."""
    return np.repeat(outputs.mean(axis=1, keepdims=True), N_LABELS, axis=1)


def by_batch(outputs: np.ndarray) -> np.ndarray:
    return outputs - outputs.mean(axis=0)


def by_thread(outputs: np.ndarray) -> np.ndarray:
    return outputs * (threading.current_thread() is threading.main_thread())


def unsure() -> str | None:
    raise ImportError("no such library")


class ChangingTheModel(Sound):
    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Any:
        how = super().convert(model, calibration, folder)
        model.set_weights([0 * array for array in model.get_weights()])
        return how


class InMemory(Sound):
    """Keeps the network where no other process finds it."""

    kept: Any = None

    def convert(self, model: Any, calibration: np.ndarray, folder: Path) -> Any:
        super().convert(model, calibration, folder)
        type(self).kept = in_float32(model)
        return {}

    def load(self, folder: Path, use: Load) -> Network:
        if self.kept is None:
            raise DataError("There is no network.")
        return KerasNetwork(self.kept)


class LoadingAnything(Sound):
    def load(self, folder: Path, use: Load) -> Network:
        return super().load(folder, use) if any(folder.iterdir()) else Changed(None, abs)  # type: ignore[arg-type] # a lie


LIARS = [
    Liar("test_it_has_the_members_of_a_precision_backend", "'load' takes", lying(load=lambda self: None)),
    Liar("test_it_says_what_it_promises", "fill in promise", lying(promise="")),
    Liar("test_it_says_what_it_promises", "CPU flags", lying(instructions=("AVX512_VNNI",))),
    Liar("test_it_says_why_it_is_unavailable", "one line", lying(unavailable=lambda self: "")),
    Liar("test_it_says_why_it_is_unavailable", "ImportError", lying(unavailable=lambda self: unsure())),
    Liar("test_networks_are_trained_in_a_policy_of_keras", "policy() names", lying(policy=lambda self: "float7")),
    Liar("test_networks_are_trained_in_a_policy_of_keras", "Variables", lying(policy=lambda self: "bfloat16")),
    Liar("test_labels_are_predicted_within_its_promise", "mean AUROC", of_outputs(first_output_alone)),
    Liar(
        "test_labels_are_predicted_within_its_promise", "float32 (1200, 3)", of_outputs(lambda o: o.astype(np.float64))
    ),
    Liar("test_classes_are_predicted_within_its_promise", "MACRO_F1", of_outputs(lambda o: o + np.float32([9, 0, 0]))),
    Liar("test_converting_changes_nothing_but_its_folder", "leaves model and calibration", ChangingTheModel),
    Liar(
        "test_converting_changes_nothing_but_its_folder",
        "an empty folder",
        lying(convert=lambda self, model, calibration, folder: {}),
    ),
    Liar(
        "test_converting_changes_nothing_but_its_folder",
        "JSON",
        lying(convert=lambda self, m, c, folder: Sound.convert(self, m, c, folder) and {"numbers": {24}}),
    ),
    Liar("test_a_network_that_is_not_there_is_refused", "raises DataError", LoadingAnything),
    Liar("test_outputs_do_not_depend_on_batch_mates", "batch-mates", of_outputs(by_batch)),
    Liar("test_several_calls_at_a_time_give_the_same", "Two threads at a time", of_outputs(by_thread)),
    Liar("test_a_fresh_process_gives_the_same", "A fresh process", InMemory),
]
