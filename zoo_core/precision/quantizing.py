"""From a trained Keras model to a network of 8 bits in OpenVINO's files, by NNCF."""

import contextlib
import io
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Control
from zoo_core.precision.exporting import exported, kernels_by_layer, layer_with_kernel
from zoo_core.precision.openvino_network import CONSTANTS, EXACT, NETWORK, core, openvino
from zoo_core.precision.signal_stack import signal_stack_kept

WITH_KERNELS = ("Convolution", "GroupConvolution", "MatMul")
"""Operations of OpenVINO that layers with kernels become."""

RANKED_ON = 32
"""Images on which layers are ranked by what quantizing them changes: each layer is tried on all of these."""

AT_LIMIT = 1.0
"""Score of a network at a limit; not 0, by which NNCF divides."""

HOW: Mapping[str, Any] = {
    "activations": "8 bits, one range a tensor, from the smallest to the largest value of calibration",
    "weights": "8 bits of which 7 are used, one range an output channel: two products fit 16 bits on every CPU",
    "all else": "float32",
}
"""How every network is converted."""


def convert(model: Any, calibration: np.ndarray, folder: Path) -> Mapping[str, Any]:
    """Quantize all that can be; arguments as of `SupportsConversion.convert`."""
    with _quiet() as nncf:
        network = _float_network(model)
        _save(nncf.quantize(network, advanced_parameters=_ranges(nncf), **_calibration(nncf, calibration)), folder)
    return HOW


def convert_within(model: Any, calibration: np.ndarray, control: Control, folder: Path) -> Mapping[str, Any] | None:
    """Leave layers in float32 until the margin is 0 or more; None where none such was found in time.

    Arguments as of `SupportsAccuracyControl.convert_within`.
    """
    with _quiet() as nncf:
        network = _float_network(model)
        names = _layer_names(network, model)
        trials = _Trials(control, network)
        try:
            converted = _controlled(nncf, network, calibration, trials)
        except _TimeIsUpError:
            return None
        left = [names[operation.get_friendly_name()] for operation in _with_kernels(converted) if _is_float(operation)]
        _save(converted, folder)
    return {**HOW, "float_layers": left}


class _TimeIsUpError(Exception):
    """The time was up, and no network so far was within the limits."""


class _Trials:
    """Networks on trial while accuracy is controlled.

    NNCF could rank layers by the networks' outputs itself, but then tries first the layer that helps least.

    Args:
        control: what they are held against.
        network: in float32.
    Attributes:
        limit: the margin of float32's own outputs.
    """

    def __init__(self, control: Control, network: Any) -> None:
        self._control = control
        self._end = time.monotonic() + control.most_s
        self._wanted = self._outputs(core().compile_model(network, "CPU", EXACT), self.numbers)
        self.limit = control.margin(self._wanted)

    @property
    def numbers(self) -> list[int]:
        """Of the images."""
        return list(range(len(self._control.images)))

    def score(self, compiled: Any, numbers: Iterable[int]) -> tuple[float, list[float]]:
        """How good a network is on some images, and on each of them; on all of them by its margin.

        Raises:
            _TimeIsUpError: the time is up.
        """
        if time.monotonic() >= self._end:
            raise _TimeIsUpError
        those = list(numbers)
        outputs = self._outputs(compiled, those)
        each = [-float(error) for error in np.abs(outputs - self._wanted[those]).mean(axis=1)]
        is_all = those == self.numbers
        return AT_LIMIT + (self._control.margin(outputs) if is_all else float(np.mean(each))), each

    def _outputs(self, compiled: Any, numbers: list[int]) -> np.ndarray:
        return np.concatenate([np.array(compiled(self._control.images[n : n + 1])[0]) for n in numbers])


def _controlled(nncf: Any, network: Any, calibration: np.ndarray, trials: _Trials) -> Any:
    restoring = nncf.AdvancedAccuracyRestorerParameters(ranking_subset_size=RANKED_ON, num_ranking_workers=1)
    return nncf.quantize_with_accuracy_control(
        network,
        validation_dataset=nncf.Dataset(trials.numbers),
        validation_fn=trials.score,
        max_drop=trials.limit,
        advanced_quantization_parameters=_ranges(nncf),
        advanced_accuracy_restorer_parameters=restoring,
        **_calibration(nncf, calibration),
    )


def _calibration(nncf: Any, images: np.ndarray) -> dict[str, Any]:
    return {"calibration_dataset": nncf.Dataset([image[np.newaxis] for image in images]), "subset_size": len(images)}


def _ranges(nncf: Any) -> Any:
    """Neither of these is NNCF's default, and without either a network can be spoilt without a word: see ADR 0019."""
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    return nncf.AdvancedQuantizationParameters(
        # CPUs without VNNI add products of 8 bits in pairs, in 16 bits, which 8 bits of weights make overflow.
        overflow_fix=nncf.OverflowFix.ENABLE,
        # The default is the mean over the examples of their largest values: it cuts off what is bright in a few.
        activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
    )


def _float_network(model: Any) -> Any:
    with exported(model) as folder:
        return openvino().convert_model(folder)


def _save(network: Any, folder: Path) -> None:
    openvino().save_model(network, folder / NETWORK, compress_to_fp16=False)
    if not (folder / CONSTANTS).exists():
        raise RuntimeError(f"OpenVINO has written no {CONSTANTS} beside {NETWORK}")


def _with_kernels(network: Any) -> list[Any]:
    return [one for one in network.get_ordered_ops() if one.get_type_name() in WITH_KERNELS]


def _is_float(operation: Any) -> bool:
    source = operation.input_value(1).get_node()
    return bool(source.get_type_name() == "Constant" and source.get_element_type().is_real())


def _layer_names(network: Any, model: Any) -> dict[str, str]:
    """Names of Keras's layers by those of OpenVINO's operations, which the export has lost: told by their kernels."""
    kernels, operations = kernels_by_layer(model), _with_kernels(network)
    return {
        one.get_friendly_name(): layer_with_kernel(kernels, _kernel(one)) or f"{one.get_type_name()} {i}"
        for i, one in enumerate(operations, 1)
    }


def _kernel(operation: Any) -> np.ndarray:
    """(output channel, value); of an operation between two activations nothing."""
    source = operation.input_value(1).get_node()
    if source.get_type_name() != "Constant":
        return np.empty((0, 0))
    kernel: np.ndarray = source.data
    if operation.get_type_name() == "MatMul":
        return kernel if operation.get_attributes()["transpose_b"] else kernel.T
    n_grouped = 2 if operation.get_type_name() == "GroupConvolution" else 1
    return kernel.reshape(int(np.prod(kernel.shape[:n_grouped])), -1)


@contextlib.contextmanager
def _quiet() -> Iterator[Any]:
    """NNCF, which says nothing of its own, tells nobody what it does, and leaves this thread its signals."""
    os.environ.setdefault("NNCF_CI", "1")  # else it reports what it is used for over the network
    openvino()
    with signal_stack_kept(), contextlib.redirect_stdout(io.StringIO()):
        import nncf

        nncf.set_log_level(logging.ERROR)
        yield nncf
