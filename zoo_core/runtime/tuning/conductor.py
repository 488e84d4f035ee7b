"""From settings to a record: rows to train on, trials of candidates, the choice."""

import datetime as dt
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo_core import plugins
from zoo_core.contract import ConfigError
from zoo_core.data.soundness import find_unreadable
from zoo_core.distributed import horovod
from zoo_core.distributed.signals import StopRequests
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.machine import Machine, describe_machine
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.progress import Meter, Shown
from zoo_core.runtime.settings import Settings, as_settings, configured, merged
from zoo_core.runtime.tuning.applying import agrees
from zoo_core.runtime.tuning.candidates import Candidate, fast_precisions, find_candidates
from zoo_core.runtime.tuning.findings import Findings
from zoo_core.runtime.tuning.records import Record, subject_of
from zoo_core.runtime.tuning.sweep import Plan, Sweep
from zoo_core.runtime.tuning.trials import Trial

BUDGETS_S = {"smoke": 150.0}
"""By preset: of the three minutes that this one may take, the rest is for Python's start and the data."""

OTHER_BUDGET_S = 600.0
LEAST_BUDGET_S = 10.0
MOST_ROWS = 512

TUNED_KEYS = {"launch": ("n_ranks", "n_threads", "n_streams"), "precision": ("name",)}

NOT_TIMED: Settings = {"topology": {"weights": "random"}, "trainer": {"order": "exact"}}
"""What a trial need not have of a run: weights that may have to be fetched, and shards of a few rows."""


@dataclass(frozen=True)
class Tuning:
    """What a sweep led to.

    Attributes:
        record: for this machine and model.
        findings: what it rests on.
        candidates: that were to be tried.
        config: of a run that nothing was tuned for.
    """

    record: Record
    findings: Findings
    candidates: tuple[Candidate, ...]
    config: RunConfig


def budget_of(preset: str, asked_s: float | None) -> float:
    """Seconds that a sweep may take.

    Args:
        preset: of the run.
        asked_s: by a user, or None.
    Raises:
        ConfigError: too few for anything to be measured.
    """
    budget_s = BUDGETS_S.get(preset, OTHER_BUDGET_S) if asked_s is None else asked_s
    if not budget_s >= LEAST_BUDGET_S:
        raise ConfigError(f"--budget needs {LEAST_BUDGET_S:g} seconds or more. Received: {budget_s:g}")
    return budget_s


def refuse_tuned_keys(layers: Iterable[Settings]) -> None:
    """What is to be found out cannot be given.

    Raises:
        ConfigError: it is.
    """
    for layer in layers:
        for section, keys in TUNED_KEYS.items():
            values = layer.get(section, {})
            if isinstance(values, Mapping) and (found := [key for key in keys if key in values]):
                raise ConfigError(f"'zoo tune' chooses {section}.{found[0]} by itself: leave it out")


def tune(given: Settings, budget_s: float, start: float) -> Tuning:
    """Find what is fastest on this machine.

    Args:
        given: of `given_settings`.
        budget_s: seconds that it may take.
        start: of the budget, on the monotonic clock.
    Raises:
        ConfigError: a setting that is wrong.
        DataError: the data set is not what its adapter reads, or not what the task needs.
        PluginError: a plugin that cannot be loaded.
        MachineError: the default cannot be measured within the budget.
        Stopped: by a signal; nothing is left.
    """
    config, machine = configured(given), describe_machine()
    candidates = _candidates(given, config, machine)
    plan = Plan(config.trainer.global_batch_size, machine.n_usable_cores, start, budget_s)
    with StopRequests() as requests, tempfile.TemporaryDirectory(prefix="zoo-tune-") as folder:
        requests.all_is_saved()  # there is nothing to save: a signal ends this at once
        prepared = prepare(config)
        findings = _sweep(prepared, plan, candidates, Path(folder))
    record = Record(
        subject=subject_of(config, prepared.adapter.specs, machine),
        date=dt.datetime.now().astimezone().date(),
        input_shape=prepared.task.input_shape(prepared.fitted),
        candidate=findings.chosen,
        n_streams=findings.n_streams,
        images_per_s=findings.speed,
        ratio=findings.ratio(findings.chosen),
    )
    return Tuning(record, findings, candidates, config)


def _candidates(given: Settings, config: RunConfig, machine: Machine) -> tuple[Candidate, ...]:
    """The default, and what else a preset leaves open."""
    names = [entry.name for entry in plugins.find_entries() if entry.kind == "precision"]
    most_ranks = 1 if horovod.unavailable() else machine.n_usable_cores
    default, *others = find_candidates(config, machine, fast_precisions(names, machine), most_ranks)
    return default, *(one for one in others if agrees(given, one.settings(config.launch.n_streams)))


def _sweep(prepared: Prepared, plan: Plan, candidates: tuple[Candidate, ...], folder: Path) -> Findings:
    rows = _rows(prepared)
    settings = merged(as_settings(prepared.config), NOT_TIMED)

    def begin(candidate: Candidate) -> Trial:
        own = Path(tempfile.mkdtemp(dir=folder))
        return Trial(merged(settings, candidate.settings()), rows, own)

    with Shown().meter("tuning, seconds", round(plan.budget_s), "starting") as meter:
        return Sweep(plan, begin, _Countdown(meter, plan)).run(candidates)


def _rows(prepared: Prepared) -> list[int]:
    """Training rows that can be read: enough for speed, few enough to stay in memory for every candidate alike."""
    rows = np.random.default_rng(prepared.config.seed).permutation(prepared.rows("train"))[:MOST_ROWS]
    if not prepared.adapter.card.drawn:
        n_threads = len(os.sched_getaffinity(0))
        unreadable = [bad.row for bad in find_unreadable(prepared.adapter, rows, n_threads, lambda: None)]
        rows = rows[~np.isin(rows, unreadable)]
    kept: list[int] = np.sort(rows).tolist()
    return kept


class _Countdown:
    """Tells a meter of seconds what is being done: the time that is left is known, the number of steps is not."""

    def __init__(self, meter: Meter, plan: Plan) -> None:
        self._meter = meter
        self._plan = plan
        self._told_s = 0

    def __call__(self, what: str) -> None:
        passed_s = int(self._plan.clock() - self._plan.start)
        self._meter.advance(passed_s - self._told_s, what)
        self._told_s = passed_s
