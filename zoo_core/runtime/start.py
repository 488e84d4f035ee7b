"""A run from its configuration to its folder: everything is checked first, then the ranks are started."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from zoo_core.contract import Rank, ZooError
from zoo_core.distributed.launch import launch_local
from zoo_core.distributed.signals import Stopped, StopRequests, signal_of
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.checkpoint import read_state
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.first_use import packed_on_first_use
from zoo_core.runtime.prepare import Prepared, leave_out_unreadable, prepare
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.record import RunFolder, refuse_existing
from zoo_core.runtime.resume import prepared_in, refuse_foreign_checkpoint

RankCommand = Callable[[Path, int], list[str]]
"""The command of one rank of the run in a folder, with TensorFlow's threads (`launch.n_threads`)."""


class RanksFailedError(ZooError, RuntimeError):
    """A rank ended with an exit code; what went wrong has been shown already.

    Attributes:
        exit_code: of the rank.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"A rank ended with exit code {exit_code}")
        self.exit_code = exit_code


def resume_run(folder: RunFolder, config: RunConfig, rank_command: RankCommand) -> None:
    """Go on with a run from its last checkpoint to its end.

    Args:
        folder: of the run, which is not finished.
        config: of `resumed_config`.
        rank_command: starts one rank, where there is more than one.
    Raises:
        ZooError: there is no checkpoint of this run, or a user's mistake; the checkpoints stay as they are.
        RanksFailedError: a rank failed and has said why.
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
    _execute(folder, prepared, rank_command)


def start_run(folder: RunFolder, config: RunConfig, rank_command: RankCommand) -> None:
    """Check, prepare, train and evaluate.

    Args:
        folder: not there yet.
        config: of the run.
        rank_command: starts one rank, where there is more than one.
    Raises:
        ZooError: a user's mistake; a folder without a checkpoint is removed.
        RanksFailedError: a rank failed and has said why.
        Stopped: by a signal.
    """
    refuse_existing(folder.path)
    progress = Shown()
    prepared = packed_on_first_use(prepare(config), progress)
    for line in _opening_lines(prepared):
        progress.say(line)
    with progress.meter("checking images", sum(prepared.split.counts().values())) as meter:
        prepared = leave_out_unreadable(prepared, meter.advance)
    for bad in prepared.unreadable:
        progress.say(f"left out: '{bad.example_id}' {bad.reason}")
    folder = RunFolder.create(folder.path, prepared)
    try:
        _execute(folder, prepared, rank_command)
    finally:
        folder.remove_if_empty()


def _execute(folder: RunFolder, prepared: Prepared, rank_command: RankCommand) -> None:
    launch = prepared.config.launch
    if launch.n_ranks > 1:
        # The threads are told, not read by the rank: a run may go on with other ranks than its folder says.
        exit_code = launch_local(rank_command(folder.path, launch.n_threads), launch.n_ranks)
        if received := signal_of(exit_code):
            raise Stopped(received)
        if exit_code:
            raise RanksFailedError(exit_code)
        return
    with StopRequests(tells=True) as requests:
        prepare_process(Rank(), launch.n_threads)
        from zoo_core.runtime.run import execute

        execute(folder, prepared, SingleRank(), requests)


def _opening_lines(prepared: Prepared) -> list[str]:
    config, card = prepared.config, prepared.adapter.card
    counts = ", ".join(f"{n} {part}" for part, n in prepared.split.counts().items())
    ranks = f"{config.launch.n_ranks} rank{'s' if config.launch.n_ranks > 1 else ''}"
    drawn = " (DRAWN by a program, no radiographs)" if card.drawn else ""
    how = [f"{config.topology.weights} weights", config.precision.name, ranks]
    return [
        f"{config.task.name} on {config.data.name}: {card.title}{drawn}",
        *card.notes,
        f"split {prepared.split.name}: {counts}",
        f"{config.topology.name}, {', '.join(how)}, global batch {config.trainer.global_batch_size}",
    ]
