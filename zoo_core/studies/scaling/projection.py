"""What a model says of more ranks than there are: computing as measured, all-reduces as fitted, and a cycle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from zoo_core.studies.scaling.plan import STRONG, WEAK
from zoo_core.studies.scaling.ring import Fit
from zoo_core.studies.scaling.summary import Setting, efficiency

MOST_RANKS = 512
VALUE_BYTES = 4
"""Of a gradient on the wire, float32."""

Projected = dict[str, Any]


@dataclass(frozen=True)
class Basis:
    """What a projection rests on.

    Attributes:
        fit: of all-reduces.
        n_parameters: of the network.
        compute_s: seconds that one rank computes for a number of images.
        setting: of the measured cells.
    """

    fit: Fit
    n_parameters: int
    compute_s: Callable[[float], float]
    setting: Setting


def projected(basis: Basis) -> list[Projected]:
    """What the model says of 1, 2, 4 ... ranks, with a fixed batch a rank and with a fixed global batch.

    Returns:
        `scaling`, `n_ranks`, `n_images` of a step, `step_ms`, `all_reduce_ms` with the cycle that it waits for;
        `images_per_s` and `efficiency` with the values at both ends of the intervals of alpha and beta.
    """
    return [_row(basis, scaling, n_ranks) for scaling in (WEAK, STRONG) for n_ranks in _ranks(basis, scaling)]


def _ranks(basis: Basis, scaling: str) -> Iterator[int]:
    """Powers of two; a rank needs an image."""
    most = MOST_RANKS if scaling == WEAK else min(MOST_RANKS, basis.setting.global_batch_size)
    yield from (2**power for power in range(most.bit_length()))


def _row(basis: Basis, scaling: str, n_ranks: int) -> Projected:
    setting = basis.setting
    each = setting.batch_size if scaling == WEAK else -(-setting.global_batch_size // n_ranks)
    n_images = n_ranks * setting.batch_size if scaling == WEAK else setting.global_batch_size
    compute_s = basis.compute_s(each)
    alone = n_images / n_ranks / compute_s if scaling == WEAK else n_images / basis.compute_s(n_images)
    waited_s = 1e-3 * setting.cycle_ms if n_ranks > 1 else 0.0
    reduces = [waited_s + seconds for seconds in basis.fit.seconds(VALUE_BYTES * basis.n_parameters, n_ranks)]
    # The low end of the time is the high end of the rate.
    rates = [n_images / (compute_s + reduces[i]) for i in (0, 2, 1)]
    return {
        "scaling": scaling,
        "n_ranks": n_ranks,
        "n_images": n_images,
        "step_ms": 1e3 * (compute_s + reduces[0]),
        "all_reduce_ms": 1e3 * reduces[0],
        "images_per_s": rates,
        "efficiency": [efficiency(rate, n_ranks, alone) for rate in rates],
    }
