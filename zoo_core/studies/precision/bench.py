"""What a worker does with its precision: convert the model to it, predict with it, load it and time it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.contract import Load, Network, Rank, SupportsConversion
from zoo_core.distributed.cores import bind_to_cores
from zoo_core.evaluation.predictions import Predictions, write_predictions
from zoo_core.runtime.inference import Inference, predict_rows
from zoo_core.runtime.precisions import usable_backend
from zoo_core.runtime.process import prepare_process
from zoo_core.runtime.readout import with_readout
from zoo_core.runtime.record import RunFolder
from zoo_core.runtime.resume import prepared_in
from zoo_core.runtime.tables import origin_of, predicted_table
from zoo_core.runtime.trained_model import read_model
from zoo_core.studies.precision.job import Job
from zoo_core.studies.precision.memory import forget_peak, peak_bytes, resident_bytes
from zoo_core.studies.precision.timing import ONE, images_per_s, latencies_ms, throughput_load

N_READERS = 2

Values = dict[str, Any]


class Bench:
    """One precision and the data of its run, in a process of their own.

    Args:
        job: of the process.
    Raises:
        ZooError: the precision, the model or its data cannot be used here.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._backend = usable_backend(job.precision)
        self._use = throughput_load(self._backend, job.batch_size)
        self._model = read_model(Path(job.run))
        self._prepared = prepared_in(RunFolder(Path(job.run)))
        self._rows = self._prepared.rows(job.part)

    def convert(self, rows: list[int]) -> Values:
        """Write the network in this precision, calibrated on some rows of the data, into an empty folder."""
        if not isinstance(self._backend, SupportsConversion):
            raise TypeError(f"no network is converted to {self._job.precision}")
        prepare_process(Rank())
        images = self._prepared.examples().batch(np.array(rows)).images
        return {"how": dict(self._backend.convert(self._model.load_network(), images, Path(self._job.network)))}

    def predict(self, to: str, advance: Callable[[int], None]) -> Values:
        """Write predictions of every image of the part into a file."""
        inference = Inference(self._loaded(self._use), self._use)
        predicted = predict_rows(self._prepared.examples(), self._rows, inference, N_READERS, advance)
        table = predicted_table(self._prepared, self._job.part, self._rows, predicted)
        predictions = Predictions(table, origin_of(self._prepared, self._model.description["hash"]))
        write_predictions(with_readout(self._model.folder, predictions), Path(to))
        return {"n": len(self._rows)}

    def timer(self) -> "Timer":
        """Both networks that are timed, and the images that they are timed with: the first of the part, over again."""
        rows = self._rows[np.arange(self._job.n_images) % len(self._rows)]
        images = self._prepared.examples().batch(rows).images
        before = resident_bytes()
        forget_peak()
        throughput = self._loaded(self._use)
        images_per_s(throughput, self._use, images)
        memory = {"before_bytes": before, "peak_bytes": peak_bytes()}
        return Timer(throughput, self._loaded(ONE), self._use, images, memory)

    def _loaded(self, use: Load) -> Network:
        # TensorFlow takes its cores when it is imported; converted networks do without it.
        if isinstance(self._backend, SupportsConversion):
            bind_to_cores(Rank())
        else:
            prepare_process(Rank())
        return self._backend.load(Path(self._job.network), use)


class Timer:
    """Networks of one precision, loaded.

    Args:
        throughput: loaded for `use`.
        latency: loaded for `ONE`.
        use: what throughput is measured with.
        images: (example, y, x, c).
        memory: what loading and working took.
    Attributes:
        memory: resident set before a library or a network was loaded, and its peak with the first network at work.
    """

    def __init__(self, throughput: Network, latency: Network, use: Load, images: np.ndarray, memory: Values) -> None:
        self._throughput, self._latency, self._use, self._images = throughput, latency, use, images
        self.memory = {**memory, "n_streams": use.n_streams}

    def time(self, n_calls: int) -> Values:
        """What single images and batches take now."""
        return {
            "latency_ms": latencies_ms(self._latency, self._images, n_calls),
            "images_per_s": images_per_s(self._throughput, self._use, self._images),
        }
