"""Looks at all that a run needs of this machine and of what is installed, and sorts what is wrong by what it costs."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zoo_core import plugins
from zoo_core.contract import PrecisionBackend, SupportsTraining, ZooError
from zoo_core.distributed.cores import layout
from zoo_core.plugins import Entry
from zoo_core.plugins.trial import try_plugin
from zoo_core.runtime.libraries import Library, examine_libraries, host_name_trap
from zoo_core.runtime.machine import Machine, describe_machine, lacking_instructions, words_of_lacking

if TYPE_CHECKING:
    from zoo_core.runtime.tuning.records import Record


@dataclass(frozen=True)
class PrecisionState:
    """What a precision is worth here.

    Attributes:
        name: of its plugin.
        unavailable: why it cannot be used here, or None.
        instructions: those that make it fast and that this CPU has.
        lacking: those that would make it fast, where this CPU has none of them.
        purpose: "training" where networks are trained in it, "prediction" where they are converted to it.
    """

    name: str
    unavailable: str | None
    instructions: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    purpose: str = ""


@dataclass(frozen=True)
class RankLayout:
    """Where ranks would be on this machine.

    Attributes:
        n_ranks: how many.
        cores: of each, on which it has a thread each.
    """

    n_ranks: int
    cores: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        machine: that it was found on.
        libraries: TensorFlow and Horovod.
        precisions: of the healthy plugins.
        plugins: with the verdicts of this examination.
        problems: something that is installed does not work: to mend.
        notes: what works, but not for everything.
        tuned: what 'zoo tune' found for this machine.
        ranks: what `zoo run -np N` would give each rank.
        chosen: precision that suits this CPU, by purpose.
    """

    machine: Machine
    libraries: tuple[Library, ...]
    precisions: tuple[PrecisionState, ...]
    plugins: tuple[Entry, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    tuned: "tuple[Record, ...]" = ()
    ranks: tuple[RankLayout, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)


def examine(entries: Iterable[Entry], progress: Callable[[str], None]) -> Examination:
    """Try everything, each plugin and library in a process of its own.

    Args:
        entries: as metadata shows them.
        progress: called with what is looked at next.
    """
    progress("processor and memory")
    machine = describe_machine()
    progress("TensorFlow and Horovod")
    libraries = examine_libraries()
    tried = tuple(_tried(entry, progress) for entry in entries)
    tuned, damage = _records(machine)
    precisions = tuple(_precision_state(e, machine) for e in tried if (e.kind, e.health) == ("precision", "ok"))
    return Examination(
        machine,
        libraries,
        precisions,
        tried,
        problems=(
            *_library_faults(libraries, needed=True),
            *(e.reason for e in tried if e.reason and e.health == "unhealthy"),
        ),
        notes=(
            *_library_faults(libraries, needed=False),
            *_host_notes(),
            *_allow_list_notes(tried),
            *_precision_notes(precisions),
            *damage,
        ),
        tuned=tuned,
        ranks=rank_layouts(sorted(os.sched_getaffinity(0))),
        chosen=chosen_precisions(precisions),
    )


def chosen_precisions(states: Sequence[PrecisionState]) -> dict[str, str]:
    """By purpose, the first precision that this CPU has instructions for; where there is none, one that needs none.

    >>> plain = PrecisionState("plain", None, purpose="training")
    >>> chosen_precisions([plain, PrecisionState("half", None, ("amx",), (), "training")])
    {'training': 'half', 'prediction': 'half'}
    """
    usable = [state for state in states if not state.unavailable and not state.lacking]
    # Fast ones first; and to predict, what is made for that and what is not before it.
    training = sorted((s for s in usable if s.purpose == "training"), key=lambda s: not s.instructions)
    prediction = [state for state in usable if state.purpose == "prediction"] + training
    ranked = {"training": training, "prediction": prediction}
    return {purpose: those[0].name for purpose, those in ranked.items() if those}


def rank_layouts(cores: list[int]) -> tuple[RankLayout, ...]:
    """Of 1, 2, 4 ... ranks, as many as there are cores at most.

    >>> [layout.n_ranks for layout in rank_layouts([0, 1, 2, 3, 4, 5])]
    [1, 2, 4]
    """
    counts = [2**i for i in range(len(cores).bit_length())]
    return tuple(RankLayout(n, tuple(map(tuple, layout(cores, n)))) for n in counts)


def _tried(entry: Entry, progress: Callable[[str], None]) -> Entry:
    if not entry.is_usable:
        return entry
    progress(f"{entry.kind} {entry.name}")
    return try_plugin(entry).on(entry)


def _precision_state(entry: Entry, machine: Machine) -> PrecisionState:
    try:
        config = plugins.load("precision", entry.name).config
        backend: PrecisionBackend = plugins.create("precision", entry.name, config())
    except ZooError as error:
        return PrecisionState(entry.name, str(error))
    have = tuple(flag for flag in backend.instructions if flag in machine.flags)
    lacking = lacking_instructions(backend.instructions, machine)
    purpose = "training" if isinstance(backend, SupportsTraining) else "prediction"
    return PrecisionState(entry.name, backend.unavailable(), have, lacking, purpose)


def _library_faults(libraries: Iterable[Library], needed: bool) -> list[str]:
    return [f"{lib.name} {lib.problem}: {lib.cure}" for lib in libraries if lib.problem and lib.needed is needed]


def _records(machine: Machine) -> "tuple[tuple[Record, ...], list[str]]":
    """Those of this machine and these versions, and what is wrong with them all."""
    from zoo_core.runtime.tuning.records import recall_records

    try:
        records = recall_records()
    except ZooError as error:
        return (), [str(error)]
    return tuple(record for record in records if record.subject.is_here(machine)), []


def _host_notes() -> list[str]:
    trap = host_name_trap()
    if trap is None:
        return []
    return [f"{trap}: runs over several hosts would fail; give it the host's routable address in /etc/hosts"]


def _allow_list_notes(entries: Iterable[Entry]) -> list[str]:
    allow_list = plugins.read_allow_list()
    if allow_list is None:
        return []
    allowed = [f"{name} {version}" for name, version in allow_list.versions.items()]
    n_barred = sum(entry.health == "not allowed" for entry in entries)
    barred = f"; {n_barred} not allowed: 'zoo list' says what to add" if n_barred else ""
    return [f"'{allow_list.path}' allows plugins of {', '.join(['zoo-core', *allowed])} alone{barred}"]


def _precision_notes(states: Iterable[PrecisionState]) -> list[str]:
    unavailable = [f"precision '{s.name}' is unavailable: {s.unavailable}" for s in states if s.unavailable]
    return unavailable + [words_of_lacking(s.name, s.lacking) for s in states if s.lacking and not s.unavailable]
