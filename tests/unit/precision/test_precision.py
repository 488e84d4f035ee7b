"""Laws of the built-in precision backends."""

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from zoo_core.contract import PrecisionBackend, SupportsConversion, SupportsTraining
from zoo_core.precision import bfloat16, float32, int8, int8_litert

PLUGINS = {
    "float32": float32.plugin,
    "bfloat16": bfloat16.plugin,
    "int8": int8.plugin,
    "int8-litert": int8_litert.plugin,
}


@pytest.mark.parametrize("name", PLUGINS)
def test_a_backend_satisfies_the_contract(name: str) -> None:
    backend = PLUGINS[name].create(PLUGINS[name].config())
    assert isinstance(backend, PrecisionBackend)
    assert backend.promise
    assert backend.unavailable() is None
    assert isinstance(backend, SupportsTraining) != isinstance(backend, SupportsConversion)


@pytest.mark.parametrize("name", PLUGINS)
def test_a_configuration_is_frozen(name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLUGINS[name].config().anything = 1


@pytest.mark.parametrize(
    ("name", "compute", "instructions"),
    [("float32", "float32", ()), ("bfloat16", "bfloat16", ("avx512_bf16", "amx_bf16"))],
)
def test_a_policy_keeps_variables_in_float32(name: str, compute: str, instructions: tuple[str, ...]) -> None:
    import keras

    backend: Any = PLUGINS[name].create(PLUGINS[name].config())
    policy = keras.dtype_policies.get(backend.policy())
    assert (policy.compute_dtype, policy.variable_dtype) == (compute, "float32")
    assert backend.instructions == instructions


def test_describing_a_backend_imports_no_tensorflow() -> None:
    code = (
        "import sys; from zoo_core.precision import bfloat16, float32, int8, int8_litert; "
        "print({'keras', 'tensorflow', 'openvino', 'nncf', 'ai_edge_litert'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
