"""A run from its configuration to its folder: everything is checked first, then the ranks are started."""

from collections.abc import Callable
from pathlib import Path

from zoo_core.contract import Rank, ZooError
from zoo_core.distributed.launch import launch_local
from zoo_core.distributed.single import SingleRank
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.prepare import Prepared, leave_out_unreadable, prepare
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.record import RunFolder, refuse_existing

RankCommand = Callable[[Path], list[str]]
"""The command of one rank of the run in a folder."""


class RanksFailedError(ZooError, RuntimeError):
    """A rank ended with an exit code; what went wrong has been shown already.

    Attributes:
        exit_code: of the rank.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"A rank ended with exit code {exit_code}")
        self.exit_code = exit_code


def start_run(config: RunConfig, out: Path, rank_command: RankCommand) -> RunFolder:
    """Check, prepare, train and evaluate.

    Args:
        config: of the run.
        out: the run folder, not there yet.
        rank_command: starts one rank, where there is more than one.
    Returns:
        The finished run folder.
    Raises:
        ZooError: a user's mistake; a folder without a checkpoint is removed.
        RanksFailedError: a rank failed and has said why.
    """
    refuse_existing(out)
    progress = Shown()
    prepared = prepare(config)
    for line in _opening_lines(prepared):
        progress.say(line)
    with progress.meter("checking images", len(prepared.index)) as meter:
        prepared = leave_out_unreadable(prepared, meter.advance)
    for bad in prepared.unreadable:
        progress.say(f"left out: '{bad.example_id}' {bad.reason}")
    folder = RunFolder.create(out, prepared)
    try:
        _execute(folder, prepared, rank_command)
    finally:
        folder.remove_if_empty()
    return folder


def _execute(folder: RunFolder, prepared: Prepared, rank_command: RankCommand) -> None:
    n_ranks = prepared.config.launch.n_ranks
    if n_ranks > 1:
        exit_code = launch_local(rank_command(folder.path), n_ranks)
        if exit_code:
            raise RanksFailedError(exit_code)
        return
    prepare_process(Rank())
    from zoo_core.runtime.run import execute

    execute(folder, prepared, SingleRank())


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
