"""Ways to use a machine that are worth a trial: a pure function of what it has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zoo_core import plugins
from zoo_core.contract import PrecisionBackend, SupportsTraining, ZooError
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.machine import Machine
from zoo_core.runtime.settings import Settings

STREAMS = (1, 2, 4)
"""Batches predicted at the same time; more than threads there are, but for two, only wait."""


@dataclass(frozen=True)
class Candidate:
    """One way to train.

    Attributes:
        n_ranks: processes.
        n_threads: of a rank; 0 for one a core of its share.
        precision: name of its plugin.
    """

    n_ranks: int
    n_threads: int
    precision: str

    def settings(self, n_streams: int = 1) -> Settings:
        """What a configuration holds of it."""
        launch = {"n_ranks": self.n_ranks, "n_threads": self.n_threads, "n_streams": n_streams}
        return {"launch": launch, "precision": {"name": self.precision}}

    def describe(self, n_cores: int) -> str:
        """In words.

        >>> Candidate(2, 0, "float32").describe(4)
        '2 ranks x 2 threads, float32'
        """
        n_threads = self.n_threads or max(n_cores // self.n_ranks, 1)
        return f"{counted(self.n_ranks, 'rank')} x {counted(n_threads, 'thread')}, {self.precision}"


def counted(n: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "rank"), counted(2, "rank")
    ('1 rank', '2 ranks')
    """
    return f"{n} {what}{'' if n == 1 else 's'}"


def find_candidates(config: RunConfig, machine: Machine, precisions: Sequence[str], most_ranks: int) -> list[Candidate]:
    """What a default configuration would do, first, and what else could be faster.

    Ranks are powers of two. Each has all cores of its share, or as many threads as the share has physical cores, or
    half of the cores where that is not known; together never more threads than usable cores.

    Args:
        config: of a run that nothing was set in.
        machine: where it runs.
        precisions: that can be used, without the configuration's own.
        most_ranks: 1 where there is no Horovod.
    """
    launch = config.launch
    default = Candidate(launch.n_ranks, launch.n_threads, config.precision.name)
    others = [p for p in precisions if p != default.precision]
    layouts = [
        (launch.n_ranks, launch.n_threads),
        *_layouts(machine, min(most_ranks, config.trainer.global_batch_size)),
    ]
    return list(dict.fromkeys(Candidate(*layout, p) for p in (default.precision, *others) for layout in layouts))


def fast_precisions(names: Sequence[str], machine: Machine) -> list[str]:
    """Those that networks are trained in, that work here, and that are not slow for want of an instruction.

    Args:
        names: of precision plugins.
        machine: where they would compute.
    """
    return [name for name in names if (backend := _backend(name)) and _is_fast(backend, machine)]


def streams_of(candidate: Candidate, n_cores: int) -> tuple[int, ...]:
    """How many batches at the same time are worth a trial, one first."""
    n_threads = candidate.n_threads or max(n_cores // candidate.n_ranks, 1)
    return tuple(n for n in STREAMS if n <= max(n_threads, 2))


def _layouts(machine: Machine, most_ranks: int) -> Iterator[tuple[int, int]]:
    n_cores = machine.n_usable_cores
    ranks = [2**power for power in range(n_cores.bit_length()) if 2**power <= min(n_cores, most_ranks)]
    yield from ((n_ranks, 0) for n_ranks in ranks)
    fewer = machine.n_physical_cores or n_cores
    if fewer >= n_cores:
        fewer = n_cores // 2
    yield from ((n_ranks, fewer // n_ranks) for n_ranks in ranks if fewer >= n_ranks)


def _backend(name: str) -> PrecisionBackend | None:
    """None where the plugin does not load: what is not asked for need not work, and `zoo doctor` says why."""
    try:
        backend: PrecisionBackend = plugins.create("precision", name, plugins.load("precision", name).config())
    except ZooError:
        return None
    return backend


def _is_fast(backend: PrecisionBackend, machine: Machine) -> bool:
    wanted = set(backend.instructions)
    usable = isinstance(backend, SupportsTraining) and backend.unavailable() is None
    return usable and (not wanted or bool(wanted & set(machine.flags)))
