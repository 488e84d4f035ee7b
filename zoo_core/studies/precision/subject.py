"""Which run is judged, and the precisions that it is judged in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo_core import plugins
from zoo_core.contract import ConfigError, DataError, MachineError, PluginError, PrecisionBackend, SupportsConversion
from zoo_core.data.files import sha256_of
from zoo_core.runtime.networks import conversion_record, converted_files, converted_folder
from zoo_core.runtime.precisions import REFERENCE, usable_backend
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.resume import prepared_in
from zoo_core.runtime.trained_model import NETWORK, TrainedModel, read_model


@dataclass(frozen=True)
class Subject:
    """A run that came to its end.

    Attributes:
        run: its folder.
        model: trained by it.
        prepared: its data and split, as they were.
    """

    run: Path
    model: TrainedModel
    prepared: Prepared


@dataclass(frozen=True)
class Candidate:
    """A precision that can be used here.

    Attributes:
        name: of the plugin.
        backend: of the plugin.
        folder: that it loads the network from; None where the study has yet to convert the model to it.
    """

    name: str
    backend: PrecisionBackend
    folder: Path | None

    @property
    def converts(self) -> bool:
        """Whether it has network files of its own."""
        return isinstance(self.backend, SupportsConversion)


def read_subject(run: Path) -> Subject:
    """Read a run and prepare its data as they were.

    Raises:
        DataError: the folder holds no run that came to its end with a model, or its data have changed since.
        ZooError: a plugin of the run is no longer there.
    """
    model = read_model(run)
    folder = RunFolder(model.folder.parent)
    if not (model.folder / NETWORK).exists() or not folder.run_json.exists() or not folder.is_finished:
        raise DataError(
            f"A folder of a run that came to its end was wanted. Received: '{run}': give the folder that 'zoo run' "
            "wrote, whole"
        )
    return Subject(folder.path, model, prepared_in(folder))


def choose_candidates(model: TrainedModel, wanted: Sequence[str] | None) -> tuple[list[Candidate], dict[str, str]]:
    """The precisions of a study, float32 first, and why others cannot be used here.

    Args:
        model: trained.
        wanted: names; None for all that are installed.
    Raises:
        ConfigError: nothing but float32 is left to compare.
        PluginError: one of `wanted` is not installed or does not load.
        MachineError: one of `wanted` cannot be used here.
    """
    if wanted is not None:
        names = dict.fromkeys([REFERENCE, *wanted])
        return _refuse_reference_alone([_candidate(model, name) for name in names], {}), {}
    installed = (entry.name for entry in plugins.find_entries() if entry.kind == "precision")
    found, unusable = [], {}
    for name in dict.fromkeys([REFERENCE, *installed]):
        try:
            found.append(_candidate(model, name))
        except (PluginError, MachineError) as error:
            unusable[name] = str(error)
    return _refuse_reference_alone(found, unusable), unusable


def network_files(candidate: Candidate, folder: Path) -> dict[str, Path]:
    """Files of a network by name: of a folder that other files lie in too, those that its record names.

    Args:
        candidate: its precision.
        folder: where they are; the candidate's own, or where the study has converted to.
    Raises:
        DataError: the record or a file is missing or damaged.
    """
    if not candidate.converts:
        return {NETWORK: folder / NETWORK}
    if candidate.folder is not None:
        return converted_files(folder, conversion_record(folder))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in files}


def fingerprint_of(candidate: Candidate) -> dict[str, str] | str:
    """What tells a candidate's network from another: SHA-256 by file."""
    if candidate.folder is None:
        return "converted by the study"
    return {name: sha256_of(path) for name, path in network_files(candidate, candidate.folder).items()}


def _candidate(model: TrainedModel, name: str) -> Candidate:
    backend = usable_backend(name)
    if not isinstance(backend, SupportsConversion):
        return Candidate(name, backend, model.folder)
    folder = converted_folder(model, name)
    return Candidate(name, backend, folder if folder.is_dir() else None)


def _refuse_reference_alone(found: list[Candidate], unusable: Mapping[str, str]) -> list[Candidate]:
    if len(found) > 1:
        return found
    reasons = "; ".join(unusable.values()) or "no other was named"
    raise ConfigError(
        f"--precisions needs at least one to compare with {REFERENCE}. Received: {REFERENCE} alone ({reasons}): name "
        "another, such as int8"
    )
