"""Which schemes are held against one process: a curve for each sharding, and the talk's scheme taken apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from zoo_core.contract import ConfigError
from zoo_core.data.order import Sharding
from zoo_core.runtime.config import RateRule
from zoo_core.studies.training.scheme import Scheme

SHARDINGS: tuple[Sharding, ...] = get_args(Sharding)

GLOBAL_BATCH, RULE, BATCH_NORM, SAMPLING = "global batch", "learning-rate rule", "per-rank batch norm", "sampling"
ALL = "all together"


@dataclass(frozen=True)
class Effect:
    """What a cause does: the AUROC of one scheme minus that of another, which differ in this cause alone.

    Attributes:
        way: "added" to what stands above it, beginning with one process; "alone", taken from the talk's scheme.
        cause: its name.
        scheme: with the cause.
        without: the same without it.
    """

    way: str
    cause: str
    scheme: Scheme
    without: Scheme


def curves(topology: str, ranks: Sequence[int], rule: RateRule) -> Iterator[Scheme]:
    """One process, and each sharding with each number of ranks above one.

    Raises:
        ConfigError: there is no number above one.
    """
    if max(ranks) < 2 or min(ranks) < 1:
        raise ConfigError(f"--ranks needs numbers from 1 on, and one above 1. Received: {','.join(map(str, ranks))}")
    yield Scheme.one_process(topology)
    for n_ranks in ranks:
        for sharding in SHARDINGS if n_ranks > 1 else ():
            yield Scheme(topology, n_ranks, sharding, "per-rank", rule)


def talk(topology: str, n_ranks: int, rule: RateRule) -> Scheme:
    """The scheme of the 2018 talk: each rank shuffles for itself, and has moments of its own."""
    return Scheme(topology, n_ranks, "independent", "per-rank", rule)


def effects(topology: str, n_ranks: int, rule: RateRule) -> list[Effect]:
    """The causes by which the talk's scheme differs from one process, each added, and each taken away alone.

    The global batch cannot be taken away alone: one of one process has no parts for ranks to differ in. Without a rule
    there are three causes.
    """
    one, end = Scheme.one_process(topology), talk(topology, n_ranks, rule)
    large = end.but(rule="none", batch_norm="cross-rank", sharding="partition")
    path = [(GLOBAL_BATCH, large), (RULE, large.but(rule=rule))]
    path += [(BATCH_NORM, path[-1][1].but(batch_norm="per-rank")), (SAMPLING, end)]
    found, before = [], one
    for cause, scheme in path:
        if scheme != before:
            found.append(Effect("added", cause, scheme, before))
        before = scheme
    found.append(Effect("added", ALL, end, one))
    alone = {RULE: {"rule": "none"}, BATCH_NORM: {"batch_norm": "cross-rank"}, SAMPLING: {"sharding": "partition"}}
    return found + [
        Effect("alone", cause, end, without)
        for cause, changed in alone.items()
        if (without := end.but(**changed)) != end
    ]


def schemes_of(found: Sequence[Effect]) -> list[Scheme]:
    """All that have to be trained, each once."""
    return list(dict.fromkeys(scheme for effect in found for scheme in (effect.without, effect.scheme)))
