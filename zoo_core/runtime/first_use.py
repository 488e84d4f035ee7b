"""A data set that is read more slowly than the model trains is packed on first use, and the run trains on the store."""

import contextlib
import dataclasses
import hashlib
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo_core.contract import ConfigError, DataError, ImageError, SupportsShards
from zoo_core.data.classes import without_class_columns
from zoo_core.data.packed.manifest import Plan
from zoo_core.data.packed.transform import Transform, n_bytes
from zoo_core.runtime.packing import Form, make_plan, pack
from zoo_core.runtime.prepare import Prepared, prepare
from zoo_core.runtime.progress import Shown
from zoo_core.runtime.settings import as_settings, merged, plugin_choice
from zoo_core.runtime.tuning.conductor import NOT_TIMED
from zoo_core.runtime.tuning.trials import Trial, TrialFailedError

LEAST_READING_S = 300.0
"""Of a whole run, on all cores: where less would be saved, half a minute of finding out is too much."""

N_READ, READ_S = 64, 3.0
"""Examples, and seconds, that are read to see how fast that is."""

N_STEPS, TRIAL_S = 3, 300.0

MOST_OF_DISK = 0.5
"""Share of the free room that a store which nobody asked for may take."""


@dataclass(frozen=True)
class Store:
    """The store that a run would train on.

    Attributes:
        plan: what is in it.
        form: as the packer takes it.
        folder: of the store.
        n_bytes: of its arrays.
    """

    plan: Plan
    form: Form
    folder: Path
    n_bytes: int


def packed_on_first_use(prepared: Prepared, progress: Shown) -> Prepared:
    """The run on a store of its data set, where `store.when` says so; unchanged elsewhere.

    Args:
        prepared: the run on the data set's own files.
        progress: says what is done and why.
    Raises:
        ConfigError: `store.when` is "always" and the data set cannot be packed.
        ZooError: packing fails; the same command goes on with it.
    """
    config = prepared.config
    if config.store.when == "never" or isinstance(prepared.adapter, SupportsShards):
        return prepared
    try:
        store = store_of(prepared)
    except (ConfigError, DataError) as error:
        if config.store.when == "always":
            raise ConfigError(f"store.when=always needs a data set that can be packed: {error}") from error
        return prepared
    if not _is_wanted(prepared, store, progress):
        return prepared
    progress.say(f"training on the store '{store.folder}' (--set store.when=never: on the files themselves)")
    pack(config.data, config.split, store.form, store.folder)
    data = plugin_choice("data", {"name": "packed", "root": str(store.folder)})
    return prepare(dataclasses.replace(config, data=data))


def store_of(prepared: Prepared) -> Store:
    """The store of a run's data set at its network's size; another data set, split or size has another folder.

    Raises:
        ConfigError: the network sees pictures that are not square, or larger than the data set's.
        DataError: an array has no size of its own.
    """
    config, (height, width, _) = prepared.config, prepared.task.input_shape(prepared.fitted)
    if height != width:
        raise ConfigError(f"A store holds square pictures. Received: a network of {height} x {width} pixels")
    form, index = Form(Transform(height)), without_class_columns(prepared.index, prepared.adapter.labels)
    plan = make_plan(config.data, prepared.adapter, index, prepared.split, form)
    key = hashlib.sha256(repr(plan).encode()).hexdigest()[:12]
    folder = Path(config.store.folder) / f"{config.data.name}-{height}px-{key}"
    return Store(plan, form, folder, len(prepared.index) * sum(map(n_bytes, plan.specs)))


def reading_rate(prepared: Prepared) -> float:
    """Examples a second, from the files to the network's input, with a thread a core and nothing else at work."""
    rows = np.random.default_rng(prepared.config.seed).permutation(prepared.rows("train"))[:N_READ]
    examples, start = prepared.examples(), time.monotonic()

    def read(row: int) -> bool:
        if time.monotonic() - start > READ_S:
            return False
        with contextlib.suppress(ImageError):  # it took its time too; the run lists it with its reason
            examples.batch(np.array([row]))
        return True

    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), "zoo-first-use") as pool:
        n_read = sum(pool.map(read, rows.tolist()))
    return n_read / max(time.monotonic() - start, 1e-9)


def training_rate(prepared: Prepared) -> float:
    """Examples a second of the run's own train step, in processes that a run would have, without reading.

    Raises:
        TrialFailedError: it was not found out; says why.
    """
    config = prepared.config
    rows = prepared.rows("train")[: config.trainer.global_batch_size]
    with tempfile.TemporaryDirectory(prefix="zoo-first-use-") as folder:
        trial = Trial(merged(as_settings(config), NOT_TIMED), rows.tolist(), Path(folder))
        try:
            return trial.compute(config.trainer.global_batch_size, N_STEPS, time.monotonic() + TRIAL_S)
        finally:
            trial.end()


def _is_wanted(prepared: Prepared, store: Store, progress: Shown) -> bool:
    config = prepared.config
    if config.store.when == "always" or store.folder.exists():
        return True
    reading = reading_rate(prepared)
    if config.trainer.n_epochs * len(prepared.rows("train")) / reading < LEAST_READING_S:
        return False
    progress.say(f"{config.data.name}: {reading:.0f} images/s are read; trying how fast the model trains")
    try:
        training = training_rate(prepared)
    except TrialFailedError as error:
        progress.say(f"that was not found out ({error}): training on the files themselves")
        return False
    if training <= reading:
        return False
    progress.say(f"the model trains {training:.0f} images/s and would wait: packing {store.n_bytes / 1e6:,.0f} MB once")
    if store.n_bytes > MOST_OF_DISK * _free_bytes(store.folder):
        progress.say("that is more than half of the room that is free: training on the files themselves")
        return False
    return True


def _free_bytes(folder: Path) -> int:
    there = next(path for path in folder.absolute().parents if path.exists())
    return shutil.disk_usage(there).free
