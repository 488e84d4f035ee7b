"""What the study is to measure, checked before anything is started."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from zoo_core import plugins
from zoo_core.contract import ConfigError
from zoo_core.distributed.horovod import cycle_ms
from zoo_core.runtime.machine import describe_machine

SIZES_BYTES = tuple(1024 * 4**power for power in range(9))
"""Of all-reduces: 1 KB to 64 MB."""

STOCK, FLOAT32, DEFAULT, RANKS = "stock", "float32", "default", "ranks"
WEAK, STRONG = "weak", "strong"

Cell = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A grid of cells, and what all of them share.

    Attributes:
        topology: name of the network.
        precision: that a run on this machine has by default.
        size_px: length of y and x of the images.
        batch_size: images of a rank where their number is fixed a rank.
        ranks: numbers of ranks, ascending; 1 among them, which the others are compared with.
        n_runs: of each cell.
        n_steps: that are counted in a cell.
    """

    topology: str
    precision: str
    size_px: int
    batch_size: int
    ranks: tuple[int, ...]
    n_runs: int
    n_steps: int

    def __post_init__(self) -> None:
        _refuse_below("--size", self.size_px, 1)
        _refuse_below("--batch", self.batch_size, 1)
        _refuse_below("--runs", self.n_runs, 1)
        for n_ranks in self.ranks:
            _refuse_below("--ranks", n_ranks, 1)
        plugins.find("topology", self.topology)
        most = max(self.ranks)
        if self.global_batch_size < most:
            each = -(-most // self.most_fitting)
            raise ConfigError(
                f"--batch needs at least {each}, so that each of {most} ranks has an image of the fixed global batch. "
                f"Received: {self.batch_size}"
            )

    @property
    def most_fitting(self) -> int:
        """The largest number of ranks of which each has a core of its own."""
        return max(n for n in (1, *self.ranks) if n <= n_usable_cores())

    @property
    def n_cores_per_rank(self) -> int:
        """The same for every number of ranks that fits: more ranks are then more cores, as on a cluster."""
        return n_usable_cores() // self.most_fitting

    @property
    def global_batch_size(self) -> int:
        """Images of a step where their number is fixed whatever the number of ranks."""
        return self.most_fitting * self.batch_size

    @property
    def n_all_cores(self) -> int:
        """What one process has that is compared with `most_fitting` ranks."""
        return self.most_fitting * self.n_cores_per_rank

    def settings(self) -> dict[str, Any]:
        """What makes numbers of one cell mean something else: of two machines they are not one study."""
        machine = asdict(describe_machine())
        del machine["thread_limits"]  # from call to call, and what is measured here sets its own
        return {
            "topology": self.topology,
            "precision": self.precision,
            "size_px": self.size_px,
            "batch_size": self.batch_size,
            "n_steps": self.n_steps,
            "most_fitting": self.most_fitting,
            "n_cores_per_rank": self.n_cores_per_rank,
            "global_batch_size": self.global_batch_size,
            "cycle_ms": cycle_ms(),
            "machine": machine,
        }

    def launches(self) -> Iterator[list[Cell]]:
        """Cells that are measured by the same processes, in the order of measuring: every way once, then again."""
        for run in range(self.n_runs):
            for way in (STOCK, FLOAT32, *([DEFAULT] if self.precision != FLOAT32 else [])):
                yield [{"way": way, "n_ranks": 1, "scaling": STRONG, "run": run}]
            for n_ranks in self.ranks:
                yield [{"way": RANKS, "n_ranks": n_ranks, "scaling": how, "run": run} for how in (WEAK, STRONG)]
            for n_ranks in self.ranks:
                if n_ranks > 1:
                    yield [{"n_ranks": n_ranks, "n_bytes": n_bytes, "run": run} for n_bytes in SIZES_BYTES]

    def n_images(self, cell: Cell) -> int:
        """Of a step of all ranks of a cell."""
        fixed_a_rank = cell["scaling"] == WEAK
        return int(cell["n_ranks"]) * self.batch_size if fixed_a_rank else self.global_batch_size


def n_usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _refuse_below(option: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError(f"{option} needs a number from {least} on. Received: {value}")
