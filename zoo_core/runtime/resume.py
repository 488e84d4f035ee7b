"""A run that goes on: what its folder says of it, and whether that still holds."""

import dataclasses

from zoo_core.contract import ConfigError, DataError
from zoo_core.runtime.checkpoint import read_state
from zoo_core.runtime.config import LaunchConfig, RunConfig
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.settings import Settings, run_config, with_every_slot


def resumed_config(folder: RunFolder, task: str, launch: Settings) -> RunConfig:
    """The configuration that a run was started with; where its ranks are may be told anew.

    Args:
        folder: of the run.
        task: that is asked for.
        launch: settings of the launch section that are given now.
    Raises:
        DataError: the folder holds no run.
        ConfigError: the run is one of another task, or the ranks do not fit the hosts or the global batch.
        PluginError: a plugin of the run is no longer there.
    """
    if folder.is_evaluation:
        raise DataError(f"--resume needs the folder of a run. Received: '{folder.path}', where nothing was trained")
    config = run_config(folder.settings())
    if config.task.name != task:
        raise ConfigError(
            f"--resume needs the task of the run in '{folder.path}', '{config.task.name}'. Received: '{task}'"
        )
    before = config.launch
    values = {**dataclasses.asdict(before), **with_every_slot(launch)}
    if values["n_ranks"] != before.n_ranks:
        values["n_threads"] = 0  # those that were chosen for another number of ranks say nothing of these
    return dataclasses.replace(config, launch=LaunchConfig(**values))


def prepared_in(folder: RunFolder) -> Prepared:
    """The run as it was prepared when its folder was made.

    Raises:
        DataError: the data have changed since.
    """
    prepared = prepare(run_config(folder.settings()))
    if prepared.fingerprint != folder.describe()["data"]["fingerprint"]:
        raise DataError(
            f"Data set '{prepared.config.data.name}' needs to stay as it was when the run was prepared; "
            "its index has changed since: start the run again"
        )
    return dataclasses.replace(prepared, unreadable=folder.unreadable())


def refuse_foreign_checkpoint(folder: RunFolder, prepared: Prepared) -> None:
    """See that the run's last checkpoint is there, whole, and this run's own.

    Raises:
        DataError: it is not.
    """
    if not folder.last_checkpoint.exists():
        raise DataError(
            f"--resume needs a run with a checkpoint. Received: '{folder.path}', which has none yet: "
            "start the run again with another --out"
        )
    state, config = read_state(folder.last_checkpoint), prepared.config
    pairs = {
        "task": (config.task.name, state.task),
        "topology": (config.topology.name, state.topology),
        "seed": (config.seed, state.seed),
        "split": (prepared.split.hash, state.split_hash),
    }
    for what, (wanted, received) in pairs.items():
        if wanted != received:
            raise DataError(
                f"A checkpoint with {what} '{wanted}' was wanted, as run.json has it. "
                f"Received: {what} '{received}' in '{folder.last_checkpoint}'"
            )
