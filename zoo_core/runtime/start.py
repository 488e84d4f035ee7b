"""A run from its configuration to its folder: everything is checked first, then the ranks are started."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from zoo_core.contract import Rank
from zoo_core.distributed.signals import StopRequests
from zoo_core.distributed.single import SingleRank
from zoo_core.report.wording import group_name
from zoo_core.runtime.checkpoint import read_state
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.first_use import packed_on_first_use
from zoo_core.runtime.prepare import Prepared, leave_out_unreadable, prepare
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.ranks import record_ranks
from zoo_core.runtime.record import RunFolder, refuse_existing
from zoo_core.runtime.resume import prepared_in, refuse_foreign_checkpoint


class Ranks(Protocol):
    """The processes of a run: this one, those that are launched, or those that something else has started."""

    def check(self, prepared: Prepared, out: Path, say: Callable[[str], None]) -> None:
        """See that the run can be done where the ranks are; nothing has been written yet.

        Args:
            prepared: the run.
            out: its folder, which may not be there.
            say: takes warnings.
        Raises:
            ZooError: it cannot; names the host.
        """
        ...

    def execute(self, folder: RunFolder, prepared: Prepared) -> None:
        """Train and evaluate.

        Raises:
            ZooError: a user's mistake.
            RanksFailedError: a rank failed and has said why.
            Stopped: by a signal.
        """
        ...


class ThisProcess:
    """A run of one process."""

    def check(self, prepared: Prepared, out: Path, say: Callable[[str], None]) -> None:
        """There is nothing that could differ."""

    def execute(self, folder: RunFolder, prepared: Prepared) -> None:
        """Train and evaluate here."""
        n_threads = prepared.config.launch.n_threads
        with StopRequests(tells=True) as requests:
            cores = prepare_process(Rank(), n_threads)
            from zoo_core.runtime.run import execute

            record_ranks(folder, SingleRank(), cores, n_threads)
            execute(folder, prepared, SingleRank(), requests)


def resume_run(folder: RunFolder, config: RunConfig, ranks: Ranks) -> None:
    """Go on with a run from its last checkpoint to its end.

    Args:
        folder: of the run, which is not finished.
        config: of `resumed_config`.
        ranks: do it.
    Raises:
        ZooError: there is no checkpoint of this run, or a user's mistake; the checkpoints stay as they are.
        RanksFailedError: a rank failed.
        Stopped: by a signal.
    """
    progress = Shown()
    prepared = dataclasses.replace(prepared_in(folder), config=config)
    refuse_foreign_checkpoint(folder, prepared)
    folder.remove_leftovers()
    for line in _opening_lines(prepared):
        progress.say(line)
    state = read_state(folder.last_checkpoint)
    progress.say(f"going on after step {state.step}, in epoch {min(state.epoch + 1, config.trainer.n_epochs)}")
    ranks.check(prepared, folder.path, progress.say)
    ranks.execute(folder, prepared)


def start_run(folder: RunFolder, config: RunConfig, ranks: Ranks) -> None:
    """Check, prepare, train and evaluate.

    Args:
        folder: not there yet.
        config: of the run.
        ranks: do it.
    Raises:
        ZooError: a user's mistake; a folder without a checkpoint is removed.
        RanksFailedError: a rank failed and has said why.
        Stopped: by a signal.
    """
    refuse_existing(folder.path)
    progress = Shown()
    prepared = prepare(config)
    ranks.check(prepared, folder.path, progress.say)
    prepared = packed_on_first_use(prepared, progress)
    for line in _opening_lines(prepared):
        progress.say(line)
    with progress.meter("checking images", sum(prepared.split.counts().values())) as meter:
        prepared = leave_out_unreadable(prepared, meter.advance)
    for bad in prepared.unreadable:
        progress.say(f"left out: '{bad.example_id}' {bad.reason}")
    folder = RunFolder.create(folder.path, prepared)
    try:
        ranks.execute(folder, prepared)
    finally:
        folder.remove_if_empty()


def _opening_lines(prepared: Prepared) -> list[str]:
    config, card = prepared.config, prepared.adapter.card
    counts = ", ".join(f"{n} {part}" for part, n in prepared.split.counts().items())
    ranks = f"{config.launch.n_ranks} rank{'s' if config.launch.n_ranks > 1 else ''}"
    if config.launch.n_virtual_ranks > 1:
        ranks = f"1 process that plays {config.launch.n_virtual_ranks} ranks"
    drawn = " (DRAWN by a program)" if card.drawn else ""
    how = [f"{config.topology.weights} weights", config.precision.name, ranks]
    column, default = prepared.split.group_column, prepared.adapter.group_columns[0]
    n_without = int(prepared.index[column].isna().sum())
    own = f"{n_without} examples have no {group_name(column)}: each is of the group of its {group_name(default)}"
    return [
        f"{config.task.name} on {config.data.name}: {card.title}{drawn}",
        *card.notes,
        f"split {prepared.split.name}: {counts}",
        *([own] if n_without else []),
        f"{config.topology.name}, {', '.join(how)}, global batch {config.trainer.global_batch_size}",
    ]
