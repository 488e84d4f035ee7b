"""Which network answers: the trained one or a converted one, and how it is loaded for so many examples."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.contract import DataError, Load, PrecisionBackend, SupportsConversion
from zoo_core.data.files import sha256_of
from zoo_core.runtime.inference import Inference
from zoo_core.runtime.networks import CONVERSION, conversion_record, converted_files, network_folder
from zoo_core.runtime.precisions import REFERENCE, usable_backend, why_slower
from zoo_core.runtime.trained_model import TrainedModel

PASSED = "passed"


@dataclass(frozen=True)
class ChosenNetwork:
    """A network still on the disk.

    Attributes:
        precision: name of the backend.
        backend: that loads it.
        folder: that it is loaded from.
        conversion: what `conversion.json` holds; None of a network as it was trained.
    """

    precision: str
    backend: PrecisionBackend
    folder: Path
    conversion: dict[str, Any] | None

    @property
    def needs_keras(self) -> bool:
        """False of a converted network: its backend imports what it needs."""
        return self.conversion is None

    @property
    def hash(self) -> str | None:
        """SHA-256 of what the conversion says; None of a network as it was trained, which its weights' hash names."""
        return None if self.conversion is None else sha256_of(self.folder / CONVERSION)

    def warnings(self) -> list[str]:
        """Lines that say what the CPU lacks for this precision, and that the gate could not vouch for the network."""
        slower, verdict = why_slower(self.precision, self.backend), (self.conversion or {}).get("verdict", PASSED)
        lines = [slower] if slower else []
        if verdict != PASSED:
            lines.append(f"when '{self.folder}' was converted, the verdict on its accuracy was: {verdict}")
        return lines

    def load(self, batch_size: int, n_examples: int) -> Inference:
        """The network, for so many examples.

        Raises:
            DataError: a file of it is missing or damaged.
        """
        if self.conversion is not None:
            converted_files(self.folder, self.conversion)
        use = self._use(batch_size, n_examples)
        return Inference(self.backend.load(self.folder, use), use)

    def _use(self, batch_size: int, n_examples: int) -> Load:
        if self.needs_keras:
            return Load(min(batch_size, n_examples), 1)  # TensorFlow shares the cores by itself
        # Each size of a batch is compiled anew: of few examples one at a time, as every model has had once before.
        size = batch_size if n_examples >= batch_size else 1
        return Load(size, min(-(-n_examples // size), len(os.sched_getaffinity(0))))


def choose_network(model: TrainedModel, precision: str | None) -> ChosenNetwork:
    """Find the network of a model in a precision.

    Args:
        model: trained; or the folder that it was converted to, which has a precision of its own.
        precision: name of the backend; None for float32, or for the folder's own.
    Raises:
        PluginError: there is no such precision.
        MachineError: it cannot be used here.
        DataError: the model was not converted to it, or was trained anew since.
    """
    own = _conversion(model.folder)
    name = precision or (own["precision"] if own else REFERENCE)
    backend = usable_backend(name)
    if own is None:
        folder = network_folder(model, name, backend)
        conversion = conversion_record(folder) if isinstance(backend, SupportsConversion) else None
        _refuse_other_weights(model, folder, conversion)
        return ChosenNetwork(name, backend, folder, conversion)
    if name != own["precision"]:
        raise DataError(
            f"'{model.folder}' was converted to {own['precision']}. Received: --precision {name}: leave it out, or "
            "give the folder of the run"
        )
    return ChosenNetwork(name, backend, model.folder, own)


def _conversion(folder: Path) -> dict[str, Any] | None:
    return conversion_record(folder) if (folder / CONVERSION).exists() else None


def _refuse_other_weights(model: TrainedModel, folder: Path, conversion: dict[str, Any] | None) -> None:
    if conversion is not None and conversion["model_hash"] != model.description["hash"]:
        raise DataError(
            f"'{folder}' needs to be of the weights in '{model.folder}'. Received: a conversion of others, as "
            f"{CONVERSION} says: convert the model anew"
        )
