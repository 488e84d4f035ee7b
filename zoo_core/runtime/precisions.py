"""The precisions that are installed: one that can be used here, and one that networks are trained in."""

from zoo_core import plugins
from zoo_core.contract import ConfigError, MachineError, PrecisionBackend, SupportsTraining
from zoo_core.runtime.config import Choice
from zoo_core.runtime.machine import describe_machine, lacking_instructions, words_of_lacking

REFERENCE = "float32"
"""What every other precision is measured against."""


def usable_backend(name: str) -> PrecisionBackend:
    """A precision that can be used on this machine, with its default options.

    Raises:
        PluginError: there is none of this name.
        MachineError: it cannot be used here.
    """
    backend: PrecisionBackend = plugins.create("precision", name, plugins.load("precision", name).config())
    _refuse_unavailable(name, backend)
    return backend


def training_policy(choice: Choice) -> str:
    """Keras dtype policy of training.

    Raises:
        PluginError: there is none of this name.
        MachineError: it cannot be used here.
        ConfigError: networks are not trained in this precision.
    """
    backend: PrecisionBackend = plugins.create("precision", choice.name, choice.options)
    _refuse_unavailable(choice.name, backend)
    if not isinstance(backend, SupportsTraining):
        raise ConfigError(
            f"--precision of a training needs one that networks are trained in, such as {REFERENCE}. Received: "
            f"'{choice.name}': train in {REFERENCE}, then 'zoo quantize RUN --precision {choice.name}'"
        )
    return backend.policy()


def why_slower(name: str, backend: PrecisionBackend) -> str | None:
    """A line that names the instructions which this CPU lacks, or None where it has what makes a precision fast."""
    lacking = lacking_instructions(backend.instructions, describe_machine())
    return words_of_lacking(name, lacking) if lacking else None


def _refuse_unavailable(name: str, backend: PrecisionBackend) -> None:
    if reason := backend.unavailable():
        raise MachineError(f"Precision '{name}' cannot be used here: {reason}")
