"""Whether maps point at what was marked: the pointing game and the overlap, beside what the place alone gives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.data.images import resize
from zoo_core.evaluation.bootstrap import MIN_GROUPS, draw_groups
from zoo_core.evaluation.draws import N_REPLICATES, SEED
from zoo_core.evaluation.estimates import Estimate

THRESHOLD = 0.5
"""Share of a map's peak from which on a place belongs to the region that the map marks."""

IOU_STEPS = (0.1, 0.5)
"""Overlaps that the share of maps above is given for: any at all, and that of object detection (PASCAL VOC)."""

GRID = 256
"""Places along each side of the picture on which a region and the boxes are compared: 4 px of NIH's 1024."""

CORNERS = ["x_min", "y_min", "width", "height"]
KEY = ["example_id", "label"]

Record = dict[str, Any]
"""Numbers of a label; one that is undefined is None."""

_NOTHING: Record = {
    **dict.fromkeys(("pointing", "ceiling", "chance", "prior", "difference_to_prior", "iou")),
    **dict.fromkeys(f"iou_above_{step}" for step in IOU_STEPS),
    "reason": "no image of the split has a box of it",
}

_STEPS = 2**24
"""Maps are added as whole numbers of these steps of their peaks: sums are exact, and so are ties."""


def score_maps(maps: np.ndarray, pairs: pd.DataFrame, boxes: pd.DataFrame) -> pd.DataFrame:
    """Compare each map with the boxes of its image and label.

    The peak of a map that is interpolated between the middles of its cells is the middle of its highest cell; where
    several are highest, `hit` is the share of them in a box. The prior is the mean map of the label, each map as high
    as every other, over the scored images of all other groups: what the place gives without looking at the image.

    Args:
        maps: (pair, y, x), float32, from 0, over the whole picture.
        pairs: one row a map: `example_id`, `group_id`, `label` and whatever else is to be kept.
        boxes: one row a box: `example_id`, `label`; `x_min`, `y_min`, `width`, `height` as fractions of the sides. Each
            pair has at least one.
    Returns:
        `pairs` with `n_boxes`; `area_share`, the share of the picture that is in a box; `reachable`, whether any cell's
        middle is in a box: where boxes are smaller than cells, no map may be able to hit; `zero_map`, whether the map
        is 0 everywhere, which hits nothing; `hit`, 0 to 1; `prior_hit`, the same of the prior, missing where no other
        group has the label; `iou`, area in both over area in either of the boxes and of the region where the map is at
        least half its peak.
    Source:
        Zhang et al. 2016, Top-down Neural Attention by Excitation Backprop, section 4.1: the pointing game, here
        without the tolerance of 15 px around a box.
    """
    marked = {key: own[CORNERS].to_numpy(dtype=np.float64) for key, own in boxes.groupby(KEY)}
    own = [marked[key] for key in pairs[KEY].itertuples(index=False, name=None)]
    overlaps = [_overlap(one, _inside(corners)) for one, corners in zip(maps, own, strict=True)]
    priors = _priors(maps, pairs)
    return pairs.assign(
        n_boxes=[len(corners) for corners in own],
        area_share=[area for area, _ in overlaps],
        reachable=[_hit(np.ones_like(one), corners) > 0 for one, corners in zip(maps, own, strict=True)],
        zero_map=maps.max(axis=(1, 2)) <= 0,
        hit=[_hit(one, corners) for one, corners in zip(maps, own, strict=True)],
        prior_hit=[np.nan if one is None else _hit(one, corners) for one, corners in zip(priors, own, strict=True)],
        iou=[iou for _, iou in overlaps],
    )


def evaluate_localization(
    scored: pd.DataFrame, labels: Sequence[str], n_replicates: int = N_REPLICATES, seed: int = SEED
) -> Record:
    """Numbers of each label and of all, with 95 % intervals from draws of whole groups.

    Args:
        scored: of `score_maps`, of one split; at least one row.
        labels: that are reported, also those without a box.
        n_replicates: draws behind each interval; with 0 there is none.
        seed: of the draws.
    Returns:
        `bootstrap` (how the intervals were made), `labels` by name and `pooled`, each image and label counting once.
        Each record has `n_images`, `n_maps` (more than images where labels are pooled), `n_boxes`, `n_zero_maps`;
        `pointing`, the share of hits; `ceiling`, the share that the best of all maps with these cells would hit;
        `chance`, the mean share of the picture in a box; `prior`, the share of hits of the prior;
        `difference_to_prior`, paired; `iou`, its mean, and the shares of maps above some values of it; `reason` where a
        value or an interval is missing.
    """
    group, groups = pd.factorize(scored["group_id"], sort=True)
    n_groups = len(groups)
    chunks = draw_groups(n_groups, n_replicates, max(1, n_replicates), np.random.default_rng(seed))
    draws = np.concatenate([np.empty((0, n_groups), np.int32), *(counts for _, counts in chunks)])
    parts = {label: (scored["label"] == label).to_numpy() for label in labels}
    return {
        "bootstrap": {"n_replicates": n_replicates, "seed": seed, "unit": "group_id", "n_groups": n_groups},
        "labels": {label: _record(scored[part], group[part], draws) for label, part in parts.items()},
        "pooled": _record(scored, group, draws),
    }


def _record(scored: pd.DataFrame, group: np.ndarray, draws: np.ndarray) -> Record:
    counts = {
        "n_images": int(scored["example_id"].nunique()),
        "n_maps": len(scored),
        "n_boxes": int(scored["n_boxes"].sum()),
        "n_zero_maps": int(scored["zero_map"].sum()),
    }
    if scored.empty:
        return counts | _NOTHING
    pointing, iou = (_mean(scored[column], group, draws) for column in ("hit", "iou"))
    result = counts | {
        "pointing": pointing.interval(),
        "ceiling": float(scored["reachable"].mean()),
        "chance": float(scored["area_share"].mean()),
        **_against_prior(scored, group, draws),
        "iou": iou.interval(),
        **{f"iou_above_{step}": float((scored["iou"] > step).mean()) for step in IOU_STEPS},
    }
    reason = _why_one_group(group) or pointing.why_no_interval()
    return result | ({"reason": reason} if reason else {})


def _against_prior(scored: pd.DataFrame, group: np.ndarray, draws: np.ndarray) -> Record:
    """The prior, and the difference to it over the same maps: those whose label another group has too."""
    known = scored["prior_hit"].notna().to_numpy()
    if not known.any():
        return {"prior": None, "difference_to_prior": None}
    hits, prior = (_mean(scored.loc[known, column], group[known], draws) for column in ("hit", "prior_hit"))
    return {"prior": prior.value, "difference_to_prior": hits.minus(prior).interval()}


def _mean(values: pd.Series, group: np.ndarray, draws: np.ndarray) -> Estimate:
    """Mean over rows, and over those of each draw, which counts a row as often as its group was drawn."""
    n_drawn = draws @ np.bincount(group, minlength=draws.shape[1])
    sums = draws @ np.bincount(group, weights=values, minlength=draws.shape[1])
    defined = (n_drawn > 0) & (_why_one_group(group) is None)
    replicates = np.divide(sums, n_drawn, out=np.full(len(draws), np.nan), where=defined)
    return Estimate(float(values.mean()), replicates)


def _why_one_group(group: np.ndarray) -> str | None:
    n_groups = len(np.unique(group))
    if n_groups >= MIN_GROUPS:
        return None
    return f"no prior and no interval: the images are of {n_groups} group, {MIN_GROUPS} are needed"


def _hit(one: np.ndarray, corners: np.ndarray) -> float:
    """Share of the highest cells of a map (y, x) whose middle is in a box."""
    peak = one.max()
    if peak <= 0:
        return 0.0
    places = (np.argwhere(one == peak) + 0.5) / one.shape
    low, size = corners[:, [1, 0]], corners[:, [3, 2]]
    past = places[:, None, :] - low
    return float(((past >= 0) & (past < size)).all(axis=2).any(axis=1).mean())


def _inside(corners: np.ndarray) -> np.ndarray:
    """(GRID, GRID) bool: places whose middle is in a box."""
    middles = (np.arange(GRID) + 0.5) / GRID
    inside = np.zeros((GRID, GRID), bool)
    for x_min, y_min, width, height in corners:
        rows, columns = np.searchsorted(middles, [[y_min, y_min + height], [x_min, x_min + width]])
        inside[slice(*rows), slice(*columns)] = True
    return inside


def _overlap(one: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """Share of the picture in a box, and intersection over union with the region of a map (y, x)."""
    area = float(inside.mean())
    if one.max() <= 0:
        return area, 0.0
    fine = resize(one[:, :, np.newaxis], (GRID, GRID))[:, :, 0]
    region = fine >= THRESHOLD * fine.max()
    return area, float((region & inside).sum() / (region | inside).sum())


def _priors(maps: np.ndarray, pairs: pd.DataFrame) -> list[np.ndarray | None]:
    """For each map the sum of those of its label in other groups; None where there are none."""
    peaks = maps.max(axis=(1, 2), keepdims=True)
    steps = np.rint(np.divide(maps, peaks, out=np.zeros(maps.shape), where=peaks > 0) * _STEPS).astype(np.int64)
    label, cluster = (pairs.groupby(columns).ngroup().to_numpy() for columns in ("label", ["label", "group_id"]))
    others = _sums_of_part(steps, label) - _sums_of_part(steps, cluster)
    n_others = np.bincount(label)[label] - np.bincount(cluster)[cluster]
    return [one if n else None for one, n in zip(others, n_others, strict=True)]


def _sums_of_part(steps: np.ndarray, part: np.ndarray) -> np.ndarray:
    """For each map (pair, y, x) the sum over all maps of its part."""
    sums = np.zeros((part.max() + 1, *steps.shape[1:]), steps.dtype)
    np.add.at(sums, part, steps)
    return np.asarray(sums[part])
