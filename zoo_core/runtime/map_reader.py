"""Maps of chosen examples and labels, each image read and computed once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zoo_core.data.reader import read_ahead
from zoo_core.models.activation_maps import ActivationMaps
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Shown, Silent

N_IMAGES_AT_ONCE = 16
"""One rank computes all maps: what it holds must not grow with a global batch that is meant for many."""


@dataclass(frozen=True)
class MapReader:
    """Computes maps of the examples of a data set.

    Attributes:
        prepared: data and task.
        maps: of the trained model.
        progress: what a person sees.
    """

    prepared: Prepared
    maps: ActivationMaps
    progress: Shown | Silent

    def read(self, pairs: pd.DataFrame, what: str) -> np.ndarray:
        """Maps of pairs of an example and a label.

        Args:
            pairs: `example_id` and `label`, which the data set and the task have.
            what: is being done, for whoever watches.
        Returns:
            (pair, y, x), float32, from 0.
        """
        outputs = _places(pairs["label"], [label.name for label in self.prepared.task.labels])
        rows, place = np.unique(self._rows(pairs["example_id"]), return_inverse=True)
        result = np.zeros((len(pairs), *self.maps.shape), np.float32)
        with self.progress.meter(what, len(rows)) as meter:
            for start, maps in self._batches(rows):
                own = np.flatnonzero((place >= start) & (place < start + len(maps)))
                result[own] = maps[place[own] - start, outputs[own]]
                meter.advance(len(maps))
        return result

    def image(self, example_id: str) -> np.ndarray:
        """(y, x, c), float32, from 0 to 1: an image as the network sees it."""
        image: np.ndarray = self.prepared.examples().batch(self._rows([example_id])).images[0]
        return image

    def _rows(self, example_ids: Sequence[str] | pd.Series) -> np.ndarray:
        return _places(example_ids, self.prepared.index["example_id"].astype(str))

    def _batches(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Place of the batch's first row, and its maps (example, output, y, x)."""
        starts = range(0, len(rows), N_IMAGES_AT_ONCE)
        parts = [rows[start : start + N_IMAGES_AT_ONCE] for start in starts]
        batches = read_ahead(self.prepared.examples().batch, parts, self.prepared.config.trainer.n_readers)
        for start, batch in zip(starts, batches, strict=True):
            yield start, self.maps(batch.images)


def _places(wanted: Sequence[str] | pd.Series, among: Sequence[str] | pd.Series) -> np.ndarray:
    """(wanted,), where each of the names is among others, none of which comes twice."""
    return np.asarray(pd.Index(among).get_indexer(pd.Index(wanted)))
