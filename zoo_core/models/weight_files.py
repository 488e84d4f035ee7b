"""Formats of weights files, one reader a suffix; each variable's name and shape is checked before any is set.

Nothing is unpickled, and nothing outside the file is read: links within an HDF5 file are refused.
"""

import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from zoo_core.contract import ConfigError


def read_into(backbone: Any, file: Path) -> None:
    """Set a network's variables from a weights file.

    Args:
        backbone: a built Keras model.
        file: its suffix, one of `FORMATS`, says what it is.
    Raises:
        ConfigError: the suffix is unknown, the file does not open, or its variables are not those of this graph; the
            first that differs is named.
    """
    read = next((reader for suffix, reader in FORMATS.items() if file.name.endswith(suffix)), None)
    if read is None:
        raise ConfigError(f"A weights file needs to end in {', '.join(FORMATS)}. Received: {file}")
    try:
        read(backbone, file)
    except ConfigError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{file} does not open as a weights file: {str(error).partition(chr(10))[0]}") from error


def _read_keras(backbone: Any, file: Path) -> None:
    """Keras 3's own format, which knows layers by class and position; so it is compared with what this graph writes."""
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.weights.h5"
        backbone.save_weights(own)
        wanted, received = _keras_variables(own), _keras_variables(file)
    order = {layer.name: position for position, layer in enumerate(backbone.layers)}
    in_order = sorted(wanted.values(), key=lambda variable: order.get(variable.layer, len(order)))
    _check(
        file,
        {variable.label: variable.shape for variable in in_order},
        {_known_as(variable, wanted.get(path)).label: variable.shape for path, variable in received.items()},
    )
    backbone.load_weights(file)


@dataclass(frozen=True)
class _KerasVariable:
    """A variable in Keras 3's format: `layer` is "" where the file keeps no names of layers."""

    group: str
    layer: str
    number: str
    shape: tuple[int, ...]

    @property
    def label(self) -> str:
        path = f"{self.group}/{self.number}"
        return f"{self.layer} ({path})" if self.layer else path

    @property
    def is_named_automatically(self) -> bool:
        """Keras numbers such names within a process: they say nothing of the graph."""
        kind = self.group.removesuffix("/vars").rpartition("/")[2]
        return _without_number(self.layer) == _without_number(kind)


def _without_number(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def _known_as(variable: _KerasVariable, own: _KerasVariable | None) -> _KerasVariable:
    """The graph's own variable at that place, unless the file gives its layer another name."""
    renamed = variable.layer and not variable.is_named_automatically and own and own.layer != variable.layer
    return variable if own is None or renamed else own


def _keras_variables(file: Path) -> dict[str, _KerasVariable]:
    """By path in the file; files of Keras 2.13 have another name for the layers' group."""
    variables = {}

    def visit(path: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            group, _, number = path.replace("_layer_checkpoint_dependencies", "layers").rpartition("/")
            layer = str(found.parent.attrs.get("name", ""))
            variables[f"{group}/{number}"] = _KerasVariable(group, layer, number, _own(found, file).shape)

    with h5py.File(file) as opened:
        opened.visititems(visit)
    return variables


def _read_legacy(backbone: Any, file: Path) -> None:
    """Keras 1's and 2's format: weights by layer name, in the order of the layer's variables."""
    own = {layer.name: [variable.path for variable in layer.weights] for layer in backbone.layers}
    arrays: dict[str, np.ndarray] = {}
    with h5py.File(file) as opened:
        root = opened.get("model_weights", opened)
        for layer in _texts(root.attrs["layer_names"]):
            paths = _texts(root[layer].attrs["weight_names"])
            # Only the order says which variable is which: Keras 1 wrote block1_conv1_W_1:0 where Keras 3 says kernel.
            names = [*own.get(layer, []), *paths[len(own.get(layer, [])) :]]
            arrays |= {
                name: np.asarray(_own(root[layer][path], file)) for name, path in zip(names, paths, strict=False)
            }
    _assign(backbone, arrays, file)


def _own(found: Any, file: Path) -> h5py.Dataset:
    """An array of the file that is kept in the file, not in another that it points to."""
    if found.file.filename != str(file) or not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise ConfigError(f"A weights file needs its arrays in itself. Received: {file}, where '{found.name}' is not")
    return found


def _texts(values: Any) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _read_npz(backbone: Any, file: Path) -> None:
    """Arrays named `layer/variable`."""
    own = {variable.path for variable in backbone.variables}
    with np.load(file, allow_pickle=False) as opened:
        arrays = {_keras3_name(name, own): opened[name] for name in opened.files}
    _assign(backbone, arrays, file)


def _keras3_name(name: str, own: set[str]) -> str:
    """Keras 2 called the kernel of a depthwise convolution `depthwise_kernel`."""
    renamed = f"{name.removesuffix('/depthwise_kernel')}/kernel"
    return renamed if name not in own and renamed in own else name


def _assign(backbone: Any, arrays: Mapping[str, np.ndarray], file: Path) -> None:
    wanted = {variable.path: tuple(variable.shape) for variable in backbone.variables}
    if len(wanted) < len(backbone.variables):
        raise ConfigError(
            f"{file} knows variables by name, and this network has several of one name. Use a .weights.h5 file"
        )
    _check(file, wanted, {name: array.shape for name, array in arrays.items()})
    for variable in backbone.variables:
        variable.assign(arrays[variable.path])


def _check(file: Path, wanted: Mapping[str, tuple[int, ...]], received: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in wanted.items():
        if received.get(name) != shape:
            found = f"shape {received[name]}" if name in received else "no such variable"
            raise ConfigError(
                f"The weights in {file} belong to another network: variable '{name}' needs shape {shape}. "
                f"Received: {found}"
            )
    extra = next((name for name in received if name not in wanted), None)
    if extra is not None:
        raise ConfigError(
            f"The weights in {file} belong to another network: it has no variable '{extra}' of shape {received[extra]}"
        )


FORMATS: Mapping[str, Callable[[Any, Path], None]] = {
    ".weights.h5": _read_keras,
    ".h5": _read_legacy,
    ".npz": _read_npz,
}
"""Reader by suffix; the first suffix that fits."""
