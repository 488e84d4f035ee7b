"""Lays what `zoo tune` found between the defaults and what presets and users give."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from zoo_core import plugins
from zoo_core.contract import DatasetAdapter, PrecisionBackend, ZooError
from zoo_core.distributed import horovod
from zoo_core.runtime.config import RunConfig
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.settings import Settings, configured, merged, run_config
from zoo_core.runtime.tuning.records import Record, Subject, recall_records, subject_of


class Tuned(NamedTuple):
    """A configuration, and what of it was tuned.

    Attributes:
        config: of the run.
        record: that was used; None where there is none or it may not be.
    """

    config: RunConfig
    record: Record | None


def configure_tuned(given: Settings) -> Tuned:
    """Check settings and lay them over the record of this machine and model, and this over the defaults.

    What was measured together is used together: where one tuned setting is given with another value, none is used.

    Args:
        given: of `given_settings`.
    Raises:
        ConfigError: an unknown section or key, or a value that does not fit.
        PluginError: a plugin that cannot be loaded.
        DataError: the records cannot be read.
    """
    config = configured(given)
    record = _record_for(config)
    if record is None or not agrees(given, record.settings) or not _can_be_used(record, config):
        return Tuned(config, None)
    return Tuned(run_config(merged(record.settings, given)), record)


def agrees(given: Mapping[str, Any], tuned: Mapping[str, Any]) -> bool:
    """Whether nothing is given that was tuned to another value.

    >>> agrees({"launch": {"n_ranks": 2}}, {"launch": {"n_ranks": 2, "n_threads": 1}})
    True
    >>> agrees({"launch": {"n_ranks": 1}}, {"launch": {"n_ranks": 2, "n_threads": 1}})
    False
    """
    return all(
        given.get(section, {}).get(key, value) == value
        for section, values in tuned.items()
        for key, value in values.items()
    )


def subject_of_settings(given: Settings) -> Subject:
    """What a record for these settings holds for.

    Args:
        given: of `given_settings`.
    Raises:
        ConfigError: a setting that is wrong.
        DataError: the data set is not what its adapter reads.
        PluginError: a plugin that cannot be loaded.
    """
    return _subject(configured(given))


def _subject(config: RunConfig) -> Subject:
    adapter: DatasetAdapter = plugins.create("dataset", config.data.name, config.data.options)
    return subject_of(config, adapter.specs, describe_machine())


def _record_for(config: RunConfig) -> Record | None:
    records = recall_records()
    if not records:
        return None  # most often; the data set need not be looked at
    try:
        subject = _subject(config)
    except ZooError:
        return None  # the run itself says what is wrong with its data
    return next((record for record in records if record.subject == subject), None)


def _can_be_used(record: Record, config: RunConfig) -> bool:
    candidate, trainer = record.candidate, config.trainer
    if candidate.n_ranks > 1 and (
        horovod.unavailable()
        or config.launch.n_virtual_ranks > 1
        or candidate.n_ranks * trainer.n_accumulations > trainer.global_batch_size
    ):
        return False
    try:
        plugin = plugins.load("precision", candidate.precision)
        backend: PrecisionBackend = plugins.create("precision", candidate.precision, plugin.config())
    except ZooError:
        return False  # a plugin that was there when it was tuned and is not now
    return backend.unavailable() is None
