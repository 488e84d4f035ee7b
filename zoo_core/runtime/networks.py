"""Where a precision finds a model's network."""

from pathlib import Path

from zoo_core.contract import DataError, PrecisionBackend, SupportsConversion
from zoo_core.runtime.trained_model import TrainedModel

CONVERSION = "conversion.json"
"""Of a converted model's folder; written last."""

CONVERSION_SCHEMA_VERSION = 1


def converted_folder(model: TrainedModel, name: str) -> Path:
    """Where the model in another precision lies: beside the model.

    >>> from types import SimpleNamespace
    >>> converted_folder(SimpleNamespace(folder=Path("run/model")), "int8").as_posix()
    'run/model-int8'
    """
    return model.folder.with_name(f"{model.folder.name}-{name}")


def network_folder(model: TrainedModel, name: str, backend: PrecisionBackend) -> Path:
    """The folder that a precision loads a model's network from.

    Raises:
        DataError: the model was not converted to it.
    """
    if not isinstance(backend, SupportsConversion):
        return model.folder
    folder = converted_folder(model, name)
    if not folder.is_dir():
        raise DataError(
            f"--precision {name} needs the model converted to it. Received: '{model.folder}', beside which there is no "
            f"'{folder.name}': 'zoo quantize {model.folder.parent} --precision {name}' makes it"
        )
    return folder
