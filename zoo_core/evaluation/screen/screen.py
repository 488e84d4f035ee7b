"""All that a screen shows, per plate and pooled, for a model and the baselines beside it on the same wells."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zoo_core.contract import DataError
from zoo_core.evaluation.draws import N_REPLICATES, SEED, Draws
from zoo_core.evaluation.estimates import Interval
from zoo_core.evaluation.screen.dose_response import DoseResponse, Responses, curves_table, respond
from zoo_core.evaluation.screen.hits import FALSE_DISCOVERY_RATE, PlateHits, call_hits, pooled_record, with_hits
from zoo_core.evaluation.screen.separation import GATE, Separation, separate
from zoo_core.evaluation.screen.wells import NEGATIVE, POSITIVE, ScoreColumn, aggregate_wells

TRAINED = "train"
"""The split whose wells are never judged: the model has seen them."""

JUDGED = "test"

POOLED = "pooled"
"""Stands for the plate where all plates are taken together."""

Record = dict[str, Any]
"""Nested values, each number as [value, low, high]; one that is undefined is None, with its reason beside it."""


@dataclass(frozen=True)
class Screen:
    """What was found.

    Attributes:
        record: every number, as `metrics.json` takes it.
        wells: one row a well that was judged: `score.NAME`, `n_fields`, `n_failed`, `is_judged`, what the well carries,
            and per score what `with_hits` adds.
        curves: `plate` ("pooled" where all are), and what `curves_table` gives.
    """

    record: Record
    wells: pd.DataFrame
    curves: pd.DataFrame


def evaluate_screen(
    table: pd.DataFrame,
    columns: Sequence[ScoreColumn],
    n_replicates: int = N_REPLICATES,
    seed: int = SEED,
    split: str = JUDGED,
) -> Screen:
    """Judge a model and baselines by the wells of one split; wells that the model was trained on never enter.

    Args:
        table: of predictions, with `split` and the `meta.` columns of a plate; rows of other splits are left out.
        columns: scores, the model's first; only wells that have every one of them are judged.
        n_replicates: draws behind each interval; with 0 there is none.
        seed: of the draws.
        split: that is judged, any but "train".
    Returns:
        Tables, and a record of `split`, `scores` (their names), `n_wells`, `n_without_score` (left out), `n_fields`,
        `n_failed`, `n_trained_on` (fields left out), `gate`, `false_discovery_rate`, `bootstrap`, `cannot_show` (a
        sentence), `plates` by name and `pooled`. Of each of these two `separation`, `dose_response` by treatment and
        `hits` of the model, and `baselines` by name: the same three and `difference`, of the model minus the baseline,
        paired: `separation` by metric, and `spearman` by treatment. EC50s are not subtracted: where one has no number
        there is no difference, and elsewhere their intervals stand side by side.
    Raises:
        DataError: the split is that of training, or has no well with a score; a well is in two splits, or whatever
            `aggregate_wells` refuses.
    """
    _check(columns, split)
    # All rows, so that a well with one field in training and another in this split is seen.
    wells = aggregate_wells(table, columns)
    wells = wells[wells["split"] == split].reset_index(drop=True)
    has_scores = wells[[one.of_wells for one in columns]].notna().all(axis=1)
    judged, draws = wells[has_scores], Draws(n_replicates, seed)
    if not len(judged):
        raise DataError(
            f"A screen needs wells of split '{split}' that have every score. Received: none among {len(wells)} wells "
            "of that split: split by well so that some are left for it"
        )
    by_plate = {str(name): own for name, own in judged.groupby("meta.plate", sort=True)}
    hits = {name: call_hits(own, columns) for name, own in by_plate.items()}
    found = {name: _find(own, columns, draws) for name, own in by_plate.items()}
    pooled = (
        separate(judged, columns, draws),
        _pooled_responses(judged, columns, draws, [own for _, own in found.values()]),
    )
    plates = {name: _record(*found[name], _hit_records(hits[name])) for name in found}
    record = _counts(wells, table, columns, split) | {
        "n_without_score": int((~has_scores).sum()),
        "bootstrap": {"n_replicates": n_replicates, "seed": seed, "unit": "wells within their plate and role"},
        "cannot_show": _cannot_show(by_plate),
        "plates": plates,
        POOLED: _record(*pooled, _pooled_hits(plates, columns)),
    }
    return Screen(record, with_hits(wells.assign(is_judged=has_scores), list(hits.values())), _curves(found, pooled))


_Found = tuple[dict[str, Separation], Responses]


def _find(wells: pd.DataFrame, columns: Sequence[ScoreColumn], draws: Draws) -> _Found:
    return separate(wells, columns, draws), respond(wells, columns, draws)


def _pooled_responses(
    wells: pd.DataFrame, columns: Sequence[ScoreColumn], draws: Draws, plates: Sequence[Responses]
) -> Responses:
    """Over all plates; a treatment that lies on one alone has been looked at already."""
    n_plates = Counter(name for one in plates for name in one[columns[0].name])
    again = respond(wells, columns, draws, only={name for name, n in n_plates.items() if n > 1})
    return {
        score: {
            name: own.get(name) or next(one[score][name] for one in plates if name in one[score])
            for name in sorted(n_plates)
        }
        for score, own in again.items()
    }


def _check(columns: Sequence[ScoreColumn], split: str) -> None:
    if split == TRAINED:
        raise DataError(
            f"A screen is judged by wells that the model has not seen. Received: split '{TRAINED}': judge '{JUDGED}'"
        )
    names = [one.name for one in columns]
    if not names or len(set(names)) < len(names):
        raise DataError(
            f"A screen needs at least one score, each of a name of its own. Received: {', '.join(names) or 'none'}: "
            "name each column once"
        )


def _counts(wells: pd.DataFrame, table: pd.DataFrame, columns: Sequence[ScoreColumn], split: str) -> Record:
    return {
        "split": split,
        "scores": [one.name for one in columns],
        "n_wells": len(wells),
        "n_fields": int(wells["n_fields"].sum()),
        "n_failed": int(wells["n_failed"].sum()),
        "n_trained_on": int((table["split"] == TRAINED).sum()),
        "gate": GATE,
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
    }


def _record(separations: Mapping[str, Separation], responses: Responses, hits: Mapping[str, Record]) -> Record:
    """The model's numbers with the baselines' beside them."""
    parts = {
        name: {
            "separation": separations[name].as_record(),
            "dose_response": {treatment: one.as_record() for treatment, one in responses[name].items()},
            "hits": hits[name],
        }
        for name in separations
    }
    model, *baselines = parts
    differences = {
        name: {
            "separation": separations[model].minus(separations[name]),
            "spearman": {
                treatment: _difference(one, responses[name][treatment]) for treatment, one in responses[model].items()
            },
        }
        for name in baselines
    }
    return parts[model] | {"baselines": {name: parts[name] | {"difference": differences[name]} for name in baselines}}


def _difference(one: DoseResponse, other: DoseResponse) -> Interval | None:
    """Of Spearman's correlation; without draws of either there is no interval."""
    if one.spearman is None or other.spearman is None:
        return None
    if len(one.spearman.replicates) != len(other.spearman.replicates):
        return [one.spearman.value - other.spearman.value, None, None]
    return one.spearman.minus(other.spearman).interval()


def _hit_records(hits: Mapping[str, PlateHits]) -> dict[str, Record]:
    return {name: one.as_record() for name, one in hits.items()}


def _pooled_hits(plates: Mapping[str, Record], columns: Sequence[ScoreColumn]) -> dict[str, Record]:
    model = columns[0].name
    return {
        one.name: pooled_record(
            [plate["hits"] if one.name == model else plate["baselines"][one.name]["hits"] for plate in plates.values()]
        )
        for one in columns
    }


def _curves(plates: Mapping[str, _Found], pooled: _Found) -> pd.DataFrame:
    tables = {**{name: found[1] for name, found in plates.items()}, POOLED: pooled[1]}
    parts = [curves_table(responses).assign(plate=name) for name, responses in tables.items()]
    joined = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return joined[["plate", *(name for name in joined.columns if name != "plate")]]


def _cannot_show(plates: Mapping[str, pd.DataFrame]) -> str:
    """What the fewest controls of a plate leave open."""
    counts = pd.DataFrame(
        {
            role: [int((own["meta.control_role"] == role).sum()) for own in plates.values()]
            for role in (NEGATIVE, POSITIVE)
        }
    )
    negative, positive = int(counts[NEGATIVE].min()), int(counts[POSITIVE].min())
    if not negative or not positive:
        return "A plate without both controls shows nothing of how they are told apart."
    share = 1 - 0.025 ** (1 / min(negative, positive))
    return (
        f"A plate with {negative} negative and {positive} positive control wells cannot show rare failures: controls "
        f"that are told apart without a fault are compatible with up to {share:.0%} that fail; and Z' moves with each "
        "single well, which its interval says."
    )
