"""Where a precision finds a model's network."""

from pathlib import Path
from typing import Any

from zoo_core.contract import DataError, PrecisionBackend, SupportsConversion
from zoo_core.data.files import sha256_of
from zoo_core.runtime.json_files import read_json
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


def conversion_record(folder: Path) -> dict[str, Any]:
    """What was written of a conversion.

    Args:
        folder: of the converted model.
    Raises:
        DataError: it is missing or damaged.
    """
    return read_json(folder / CONVERSION, CONVERSION_SCHEMA_VERSION)


def converted_files(folder: Path, record: dict[str, Any]) -> dict[str, Path]:
    """The files of a converted network by name, which are those that were written with its record.

    Args:
        folder: of the converted model.
        record: of `conversion_record`.
    Raises:
        DataError: a file is missing, is another than was written, or lies outside the folder.
    """
    files = {name: folder / name for name in record["network_files"]}
    for name, path in files.items():
        if not path.resolve().is_relative_to(folder.resolve()):
            raise DataError(
                f"'{folder / CONVERSION}' needs to name files of its folder. Received: '{name}': convert anew"
            )
        if not path.is_file() or sha256_of(path) != record["network_files"][name]:
            state = "another file than was written" if path.exists() else "no such file"
            raise DataError(
                f"'{path}' needs to be what the conversion wrote, as {CONVERSION} says. Received: {state}: convert anew"
            )
    return files
