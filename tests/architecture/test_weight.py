"""What may be imported without TensorFlow, in a fresh process where everything else would show."""

import json
import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "keras_cv", "horovod"}
HEAVY_FOR_A_LIST = HEAVY | {"pandas", "pyarrow", "pydantic", "rich", "sklearn", "skimage", "scipy", "stevedore"}


def imported_by(statement: str) -> set[str]:
    """Top-level modules that are loaded after `statement` in a fresh Python."""
    program = (
        f"import json, sys\n{statement}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_contract_needs_numpy_and_nothing_else() -> None:
    extra = imported_by("import zoo_core.contract") - imported_by("import numpy") - sys.stdlib_module_names
    # Modules that an interpreter's own start brings (editable installs) begin with an underscore.
    assert {name for name in extra if not name.startswith("_")} == {"zoo_core"}


@pytest.mark.parametrize(
    "module", ["zoo_core.api", "zoo_core.plugins", "zoo_radiology.chexnet", "zoo_data_chestxray14.phantom"]
)
def test_what_a_plugin_sees_imports_without_tensorflow(module: str) -> None:
    assert imported_by(f"import {module}") & HEAVY == set()


def test_the_command_line_imports_nothing_heavy_before_a_verb_runs() -> None:
    assert imported_by("import zoo_core.cli") & HEAVY_FOR_A_LIST == set()


def test_what_is_heavy_would_be_seen() -> None:
    assert "pandas" in imported_by("import pandas") & HEAVY_FOR_A_LIST
