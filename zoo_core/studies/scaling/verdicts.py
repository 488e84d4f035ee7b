"""What a reader must know before the numbers."""

from collections.abc import Iterator, Sequence

from zoo_core.report.wording import Verdict, counted
from zoo_core.studies.scaling.plan import RANKS, WEAK
from zoo_core.studies.scaling.projection import MOST_RANKS, Projected
from zoo_core.studies.scaling.ring import Fit
from zoo_core.studies.scaling.summary import Setting, Summary, whole

NOISY = 0.2
"""Range of the runs, relative to their median, from which on a machine was not quiet."""

NAMES = {"stock": "stock Keras 3", "float32": "software", "default": "precision", "ranks": "ranks"}
"""Of the factors, by the way that each of them leads to."""


def speed_up_verdict(steps: Sequence[Summary], setting: Setting) -> Verdict:
    """The whole and its factors."""
    factors = [f"{NAMES[s['name']]} {s['factor'][0]:.2f}" for s in steps if s.get("factor")]
    skipped = [f"{NAMES[s['name']].capitalize()} is left out: {s['skipped']}." for s in steps if "skipped" in s]
    head = f"{whole(steps):.2f} times stock Keras 3 on the same cores and the same {setting.global_batch_size} images."
    text = f"Factors of medians: {' x '.join(factors)}. {' '.join(skipped)}"
    return Verdict("note", head, text.strip())


def rank_verdicts(cells: Sequence[Summary], setting: Setting) -> Iterator[Verdict]:
    """Efficiency of as many ranks as fit, and what is lost; ranks that share cores."""
    most = setting.most_fitting
    own = [c for c in cells if (c["way"], c["scaling"], c["n_ranks"]) == (RANKS, WEAK, most)]
    if most > 1 and own and own[0]["efficiency"]:
        cell = own[0]
        lost = (
            f"The all-reduce takes {_percent(cell['all_reduce_share'][0])} of a step, of which "
            f"{_percent(cell['waiting_share'][0])} of a step is waiting for the slowest rank. What is lost beyond that "
            "is lost in computing: memory and caches are shared."
        )
        head = f"{counted(most, 'rank')}: {_percent(cell['efficiency'][0])} of {most} times one rank's images a second."
        yield Verdict("note", head, lost)
    crowded = sorted({c["n_ranks"] for c in cells if c["more_ranks_than_cores"]})
    if crowded:
        text = "They share cores, and what they lose by it is no property of ranks. The model is not fitted to them."
        yield Verdict("warning", f"More ranks than cores: {', '.join(map(str, crowded))}.", text)
    if all(cell["n_runs"] == 1 for cell in cells):
        yield Verdict("warning", "Everything was measured once.", "How far the numbers scatter is not known.")
    noisy = [
        c
        for c in cells
        if c["n_runs"] > 1 and c["images_per_s"][2] - c["images_per_s"][1] > NOISY * c["images_per_s"][0]
    ]
    if noisy:
        cells_said = counted(len(noisy), "cell")
        text = f"Runs of {cells_said} differ by more than {_percent(NOISY)}: measure again, or with more --runs."
        yield Verdict("warning", "The machine was not quiet.", text)


def model_verdicts(fit: Fit | None, rows: Sequence[Projected], setting: Setting) -> Iterator[Verdict]:
    """How good the model is, and what it says."""
    if fit is None:
        text = "One rank has nobody to sum with: give --ranks numbers above 1."
        yield Verdict("warning", "No all-reduce was measured, and nothing is projected.", text)
        return
    of_ranks = ", ".join(map(str, fit.ranks))
    fitted = (
        f"alpha {1e6 * fit.alpha_s[0]:,.0f} µs, beta {1e9 * fit.beta_s[0]:.3f} ns a byte "
        f"({1e-9 / fit.beta_s[0]:.2f} GB/s)"
    )
    if fit.is_poor:
        head = "The ring model does not describe these all-reduces: do not rely on the projection."
        yield Verdict("warning", head, f"Its typical error is {_percent(fit.misfit)} ({fitted}, ranks {of_ranks}).")
    else:
        yield Verdict(
            "note", f"The ring model is off by {_percent(fit.misfit)}, typically.", f"{fitted}, ranks {of_ranks}."
        )
    if len(fit.ranks) == 1:
        text = "How an all-reduce grows with the number of ranks is what the model assumes, and was not seen here."
        yield Verdict("warning", f"The model was fitted to {counted(fit.ranks[0], 'rank')} alone.", text)
    if fit.ranks[-1] > setting.most_fitting:
        text = "No two ranks have a core each here, so that an all-reduce waits for its turn on a core."
        yield Verdict("warning", "The model was fitted to ranks that share cores.", text)
    last = next(row for row in reversed(rows) if row["scaling"] == WEAK)
    text = (
        f"{last['images_per_s'][0]:,.0f} images a second, {last['all_reduce_ms']:,.0f} ms of a step of "
        f"{last['step_ms']:,.0f} ms in the all-reduce. A model, not a measurement: a network as fast as this machine's "
        "memory, every rank with cores and memory of its own."
    )
    head = f"The model gives {MOST_RANKS} ranks an efficiency of {_percent(last['efficiency'][0])}."
    yield Verdict("note", head, text)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"
