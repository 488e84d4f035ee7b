"""The results of the study as files: curves, or effects of causes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from zoo_core.report.wording import METRIC_TITLES
from zoo_core.runtime.config import RateRule
from zoo_core.studies.accuracy.drawing import curves_chart, effects_chart
from zoo_core.studies.accuracy.plan import ALL, Effect
from zoo_core.studies.accuracy.summary import (
    Measured,
    Point,
    curve_verdicts,
    effect_verdicts,
    measured_effects,
    points,
    record_of,
    resolution,
    shown,
)
from zoo_core.studies.cells import Cells
from zoo_core.studies.files import as_csv, written
from zoo_core.studies.page import inlined, render
from zoo_core.studies.training.grid import runs_of, values_of
from zoo_core.studies.training.results import Results, each_training, facts, limits
from zoo_core.studies.training.scheme import Scheme
from zoo_core.studies.training.scores import Scored
from zoo_core.studies.training.subject import Subject

SIGNED = "{:+.3f}"


def write_curves(subject: Subject, measured: Cells, topology: str, rule: RateRule) -> Results:
    """Write the curves of all cells that a folder holds of one topology and one rule.

    Args:
        subject: what all cells have in common.
        measured: by this call and those before it.
        topology: the network.
        rule: of the learning rate.
    Raises:
        ZooError: predictions cannot be read, or a file cannot be written.
    """
    scored, one = Scored(subject.metric), Scheme.one_process(topology)
    every = runs_of(measured, scored)
    runs = {s: own for s, own in every.items() if s == one or _on_curve(s, topology, rule)}
    kept = {scheme: values_of(measured, scheme) for scheme in runs}
    found = points(runs, kept, scored.n_groups, one)
    verdicts = [*curve_verdicts(found), *limits(subject, min(point.n_seeds for point in found))]
    title = f"{topology}: {METRIC_TITLES[subject.metric]} against the number of ranks"
    chart = curves_chart(found, subject.metric, title)
    view = {"points": found, "chart": inlined(chart), "topology": topology, "rule": rule, "one": one}
    page = render("accuracy.html.j2", {**_common(subject, scored), **view, "verdicts": verdicts})
    contents = {
        "trainings.csv": each_training(subject, measured, every),
        "accuracy.csv": as_csv([_point_row(subject, point) for point in found]),
        "accuracy.png": chart,
        "accuracy.html": page.encode(),
    }
    record = {"settings": subject.described(), "points": [_point_record(point) for point in found]}
    header = ("SHARDING", "RANKS", "SEEDS", METRIC_TITLES[subject.metric], "MINUS ONE PROCESS", "", "SEEN", "EXPECTED")
    return Results(record, verdicts, [header, *map(_point_words, found)], written(measured.folder, contents))


def write_effects(subject: Subject, measured: Cells, effects: Sequence[Effect]) -> Results:
    """Write what each cause does.

    Args:
        subject: what all cells have in common.
        measured: cells of all schemes of `effects`.
        effects: causes.
    Raises:
        ZooError: predictions cannot be read, or a file cannot be written.
    """
    scored = Scored(subject.metric)
    every = runs_of(measured, scored)
    found = measured_effects(effects, every, scored.n_groups)
    end = next(effect.scheme for effect in effects if effect.cause == ALL)
    n_seeds = min(len(every[effect.scheme]) for effect in effects)
    verdicts = [*effect_verdicts(found), *limits(subject, n_seeds)]
    title = f"{end.topology}, {end.n_ranks} ranks: what each cause does to {METRIC_TITLES[subject.metric]}"
    chart = effects_chart(found, subject.metric, title)
    view = {"effects": found, "chart": inlined(chart), "talk": end, "n_seeds": n_seeds, "verdicts": verdicts}
    contents = {
        "trainings.csv": each_training(subject, measured, every),
        "ablation.csv": as_csv([_effect_row(one) for one in found]),
        "ablation.png": chart,
        "ablation.html": render("ablation.html.j2", {**_common(subject, scored), **view}).encode(),
    }
    record = {"settings": subject.described(), "effects": [_effect_record(one) for one in found]}
    header = ("WAY", "CAUSE", "BEFORE", "AFTER", "AFTER MINUS BEFORE", "")
    return Results(record, verdicts, [header, *map(_effect_words, found)], written(measured.folder, contents))


def _on_curve(scheme: Scheme, topology: str, rule: RateRule) -> bool:
    return (scheme.topology, scheme.batch_norm, scheme.rule) == (topology, "per-rank", rule) and scheme.n_ranks > 1


def _common(subject: Subject, scored: Scored) -> dict[str, Any]:
    return {
        "facts": facts(subject, scored),
        "metric_title": METRIC_TITLES[subject.metric],
        "resolution": resolution,
        "shown": shown,
        "signed": SIGNED,
        "drawn": subject.prepared.adapter.card.drawn,
    }


def _point_row(subject: Subject, point: Point) -> Mapping[str, Any]:
    scheme = asdict(point.scheme)
    batch = {"global_batch_size": subject.wanted.per_rank_batch_size * point.scheme.n_ranks, "n_seeds": point.n_seeds}
    means = {**_flat("value", point.value), **_flat("difference", point.difference)}
    seen = {
        "n_steps": point.n_steps,
        "seen": point.seen,
        "expected_seen": point.expected,
        "never_seen": point.never_seen,
    }
    return {**scheme, **batch, **means, "resolution": _told(point), **seen}


def _told(point: Point) -> str:
    return "reference" if point.scheme.is_one_process else resolution(point.difference)


def _flat(name: str, mean: Any) -> dict[str, Any]:
    record = record_of(mean) or {}
    keys = ("low", "high", "se_patients", "se_seeds", "df")
    return {name: record.get("value"), **{f"{name}_{key}": record.get(key) for key in keys}}


def _point_record(point: Point) -> dict[str, Any]:
    own = {**asdict(point), "value": record_of(point.value), "difference": record_of(point.difference)}
    return {**own, "resolution": _told(point)}


def _point_words(point: Point) -> list[str]:
    scheme = point.scheme
    relative = "" if scheme.is_one_process else shown(point.difference, SIGNED)
    name = "one process" if scheme.is_one_process else scheme.sharding
    told, seen = _told(point), (f"{100 * point.seen:.1f} %", f"{100 * point.expected:.1f} %")
    return [name, str(scheme.n_ranks), str(point.n_seeds), shown(point.value), relative, told, *seen]


def _effect_row(one: Measured) -> Mapping[str, Any]:
    named = {"way": one.effect.way, "cause": one.effect.cause}
    schemes = {f"{who}_{key}": value for who, scheme in _pair(one) for key, value in asdict(scheme).items()}
    means = {**_flat("before", one.before), **_flat("after", one.after), **_flat("difference", one.difference)}
    return {**named, **means, "resolution": resolution(one.difference), **schemes}


def _pair(one: Measured) -> tuple[tuple[str, Scheme], tuple[str, Scheme]]:
    return ("without", one.effect.without), ("with", one.effect.scheme)


def _effect_record(one: Measured) -> dict[str, Any]:
    means = {name: record_of(getattr(one, name)) for name in ("before", "after", "difference")}
    return {**asdict(one.effect), **means, "resolution": resolution(one.difference)}


def _effect_words(one: Measured) -> list[str]:
    means = (shown(one.before), shown(one.after), shown(one.difference, SIGNED))
    return [one.effect.way, one.effect.cause, *means, resolution(one.difference)]
