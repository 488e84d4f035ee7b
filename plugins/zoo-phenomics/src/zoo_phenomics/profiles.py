"""Embeddings as profiles: a row a well, in units of its plate's negative controls, and which treatments stand out.

pycytominer, copairs and anndata are imported where they compute: together they take seconds.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, MachineError

if TYPE_CHECKING:
    from anndata import AnnData

FEATURE = "feature."
"""What the columns of features begin with."""

WELL, PLATE, ROLE = "meta.well_id", "meta.plate", "meta.control_role"
NEGATIVE, POSITIVE, EMPTY = "negative", "positive", "empty"
TRAINED = "train"

PERTURBATION = ("meta.treatment", "meta.concentration")
"""What tells one perturbation from another."""

MIN_CONTROLS = 3
"""Negative control wells of a plate: of two, the median deviation from the median is that of either."""

MIN_REPLICATES = 2
"""Wells of a perturbation that can find each other."""

LEAST_SPREAD = 1e-6
"""Of a feature among controls, as a share of its spread among all wells; below it the feature has no unit."""

N_NULL = 10_000
"""Drawn rankings behind each p: the smallest is one in as many."""

_TIE = 1e-6
"""More than the round-off of a mean average precision (float32), less than what tells two of them apart."""


@dataclass(frozen=True)
class Profiles:
    """Profiles in units of controls.

    Attributes:
        table: one row a well: what the well carries, `n_fields` and `feature.NAME`.
        dropped: features that are not in it, with the reason.
        left_out: plates that are not in it, with the reason.
    """

    table: pd.DataFrame
    dropped: Mapping[str, str]
    left_out: Mapping[str, str]


def aggregate_profiles(fields: pd.DataFrame, statistic: Literal["mean", "median"] = "mean") -> pd.DataFrame:
    """Make one row a well of one row a field; rows of the split "train" are left out, as the model has seen them.

    Args:
        fields: `meta.well_id`, `meta.plate` and further `meta.` columns, `split` where there is one, `feature.NAME`.
        statistic: of a well's fields.
    Returns:
        By `meta.well_id`, sorted: the columns that say the same of all fields of each well, `n_fields`, and the
        features, float64.
    Raises:
        DataError: a column or every feature is missing, a feature is no finite number, or no row is left.
    """
    from pycytominer import aggregate

    features = features_of(fields)
    _need(fields, (WELL, PLATE))
    if "split" in fields:
        fields = fields[fields["split"] != TRAINED]
    if not len(fields):
        raise DataError("Profiles need fields that the model was not trained on. Received: none: split off a test part")
    is_finite = np.isfinite(fields[features].to_numpy(dtype=np.float64)).all(axis=1)
    if not is_finite.all():
        raise DataError(
            f"Profiles need finite features. Received: {int((~is_finite).sum())} fields without, the first in well "
            f"'{fields.loc[~is_finite, WELL].iloc[0]}': leave out fields that failed"
        )
    by_well = fields.groupby(WELL, sort=True)
    carried = [
        name for name in map(str, fields.columns) if (name.startswith("meta.") or name == "split") and name != WELL
    ]
    n_values = by_well[carried].nunique(dropna=False)
    of_wells = [name for name in carried if (n_values[name] == 1).all() and name != "meta.field"]
    if PLATE not in of_wells:
        raise DataError(f"A well lies on one plate. Received: a '{WELL}' with several '{PLATE}': name wells PLATE/WELL")
    values = aggregate(fields, strata=[WELL], features=features, operation=statistic).set_index(WELL)
    wells = by_well[of_wells].first().assign(n_fields=by_well.size())
    return wells.join(values[features]).reset_index()


def normalize_profiles(wells: pd.DataFrame) -> Profiles:
    """Measure each plate's features from the median of its negative controls, in 1.4826 times their median deviation.

    A feature that does not vary among the controls of a plate has no unit there. It is dropped on all plates: to
    divide by a small number instead would let it alone decide every distance.

    Args:
        wells: of `aggregate_profiles`.
    Raises:
        DataError: no plate has enough negative controls, or no feature varies among them.
    """
    _need(wells, (ROLE,))
    features = features_of(wells)
    plates = {str(name): own for name, own in wells.groupby(PLATE, sort=True)}
    counts = {name: int(_has_role(own, NEGATIVE).sum()) for name, own in plates.items()}
    left_out = {
        name: f"{n} negative control wells, {MIN_CONTROLS} are needed" for name, n in counts.items() if n < MIN_CONTROLS
    }
    kept = {name: own for name, own in plates.items() if name not in left_out}
    if not kept:
        raise DataError(
            f"Profiles are measured by the negative controls of their plate. Received: no plate with {MIN_CONTROLS} of "
            f"{len(plates)}: give their wells the control role '{NEGATIVE}' in the wells table"
        )
    dropped = {
        feature: f"does not vary among the negative controls of plate '{name}'"
        for name, own in reversed(kept.items())
        for feature in _without_unit(own, features)
    }
    varied = [feature for feature in features if feature not in dropped]
    if not varied:
        raise DataError(
            f"Profiles need features that vary among the negative controls. Received: none of {len(features)}: "
            "look at the control wells, which are all alike"
        )
    table = pd.concat([_normalized(own.drop(columns=list(dropped)), varied) for own in kept.values()])
    return Profiles(table.sort_values(WELL).reset_index(drop=True), dropped, left_out)


def select_features(profiles: Profiles) -> Profiles:
    """Drop features that hardly vary, and of those that say the same (correlation above 0.9) all but one.

    Source:
        Caicedo et al. 2017, Data-analysis strategies for image-based cell profiling, section on feature selection.
    """
    from pycytominer import feature_select

    features = features_of(profiles.table)
    selected = feature_select(
        profiles.table, features=features, operation=["variance_threshold", "correlation_threshold"], corr_threshold=0.9
    )
    gone = {name: "hardly varies, or says what another feature says" for name in features if name not in selected}
    return Profiles(selected, {**profiles.dropped, **gone}, profiles.left_out)


def phenotypic_activity(
    profiles: pd.DataFrame, by: Sequence[str] = PERTURBATION, n_null: int = N_NULL, seed: int = 0
) -> pd.DataFrame:
    """How well the wells of each perturbation find each other before any negative control: mean average precision.

    Similarity is the cosine of normalised profiles. The null is of random rankings, one for all wells of a perturbation
    that rank as many: as cautious as if they were one. A ranking that is as good counts against the perturbation:
    without that, a perfect one of two wells and three controls would have the smallest p there is, and not 1 in 4.

    Args:
        profiles: the table of `normalize_profiles`.
        by: columns that tell perturbations apart; positive controls without a name there are one perturbation.
        n_null: drawn rankings.
        seed: of the drawing.
    Returns:
        One row a perturbation: the columns `by`, `n_wells`, `n_controls`, `mean_average_precision`,
        `normalized_average_precision` (0 by chance, 1 at best), `p_value`, `corrected_p_value` (Benjamini-Hochberg over
        all that have a p) and `reason` where there is none.
    Raises:
        DataError: there is no negative control or no other well.
    Source:
        Kalinin et al. 2025, A versatile information retrieval framework for evaluating profile strength and similarity.
    """
    _need(profiles, (ROLE, *by))
    profiles = profiles[~_has_role(profiles, EMPTY)].sort_values(WELL).reset_index(drop=True)
    is_control = _has_role(profiles, NEGATIVE)
    if is_control.all() or not is_control.any():
        raise DataError(
            f"Phenotypic activity compares perturbations with negative controls. Received: {int(is_control.sum())} "
            f"controls and {int((~is_control).sum())} other wells: name both in the wells table"
        )
    code = _perturbations(profiles, by)
    samples = profiles[~is_control].assign(code=code[~is_control])
    found = samples.groupby("code", sort=True)[list(by)].first().assign(n_wells=samples.groupby("code").size())
    found["n_controls"] = int(is_control.sum())
    has_replicates = code.map(found["n_wells"]).fillna(0).to_numpy() >= MIN_REPLICATES
    used = is_control | has_replicates
    columns = ["mean_average_precision", "normalized_average_precision", "p_value", "corrected_p_value"]
    if has_replicates.any():
        features = profiles.loc[used, features_of(profiles)].to_numpy(dtype=np.float64)
        found = found.join(_mean_average_precision(code[used], is_control[used], features, (n_null, seed)))
    else:
        found[columns] = np.nan
    lone = f"one well: {MIN_REPLICATES} are needed to find each other"
    reasons = pd.Series(lone, found.index).where(found["n_wells"] < MIN_REPLICATES, None)
    return found.assign(reason=reasons).reset_index(drop=True)


def to_anndata(profiles: pd.DataFrame) -> "AnnData":
    """Profiles as AnnData: features in X (float32), what the well carries in obs, wells by `meta.well_id`.

    Raises:
        MachineError: the library anndata is not installed.
    """
    try:
        from anndata import AnnData
    except ImportError as error:
        raise MachineError(
            "Profiles as AnnData need the library anndata. Received: none installed: install zoo-phenomics[anndata]"
        ) from error
    features = features_of(profiles)
    obs = profiles.drop(columns=[*features, WELL]).set_axis(_plain(profiles[WELL]))
    for name in obs.columns:
        if not pd.api.types.is_numeric_dtype(obs[name]):
            words = obs[name].astype(object)
            categories = _plain(sorted(map(str, words.dropna().unique())))
            obs[name] = pd.Categorical([None if pd.isna(one) else str(one) for one in words], categories=categories)
    return AnnData(
        X=profiles[features].to_numpy(dtype=np.float32),
        obs=obs,
        var=pd.DataFrame(index=_plain(name.removeprefix(FEATURE) for name in features)),
    )


def features_of(table: pd.DataFrame) -> list[str]:
    """Names of the columns of features.

    Raises:
        DataError: there is none.
    """
    names = [name for name in map(str, table.columns) if name.startswith(FEATURE)]
    if not names:
        raise DataError(
            f"Profiles need columns '{FEATURE}NAME'. Received: none among {len(table.columns)}: embed first"
        )
    return names


def _has_role(wells: pd.DataFrame, role: str) -> np.ndarray:
    """(well,), bool; a missing role is none, whichever way the column says missing."""
    return wells[ROLE].isin([role]).to_numpy(dtype=bool)


def _need(table: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in table:
            raise DataError(
                f"Profiles need the column '{name}'. Received: none of that name: give plates a wells table"
            )


def _without_unit(wells: pd.DataFrame, features: Sequence[str]) -> list[str]:
    values = wells[list(features)].to_numpy(dtype=np.float64)
    controls = values[_has_role(wells, NEGATIVE)]
    deviation = np.median(np.abs(controls - np.median(controls, axis=0)), axis=0)
    is_flat = deviation <= LEAST_SPREAD * values.std(axis=0)
    return [name for name, flat in zip(features, is_flat, strict=True) if flat]


def _normalized(wells: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    from pycytominer import normalize

    normalized: pd.DataFrame = normalize(
        wells.reset_index(drop=True),
        features=features,
        meta_features=[name for name in wells.columns if name not in features],
        samples=f"`{ROLE}` == '{NEGATIVE}'",
        method="mad_robustize",
        mad_robustize_epsilon=0,
    )
    return normalized


def _perturbations(profiles: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """A number from 0 for each perturbation, that of a well's own for each negative control."""
    words = profiles[list(by)].astype(object).where(profiles[list(by)].notna(), "").astype(str).agg("\0".join, axis=1)
    # A positive control may bear a compound's name without being one of its doses.
    named = np.where(_has_role(profiles, POSITIVE), POSITIVE, "") + "\0" + words
    codes, known = pd.factorize(named, sort=True)
    is_control = _has_role(profiles, NEGATIVE)
    return pd.Series(np.where(is_control, len(known) + np.arange(len(profiles)), codes), index=profiles.index)


def _mean_average_precision(
    code: pd.Series, is_control: np.ndarray, features: np.ndarray, null: tuple[int, int]
) -> pd.DataFrame:
    """By the number of the perturbation: average precision, p and corrected p."""
    from copairs.map import average_precision, mean_average_precision

    # copairs writes names of columns into SQL, where a dot would part them. Controls differ from all and each other;
    # perturbations have one `reference`, so that they are compared with controls alone.
    labels = pd.DataFrame({"code": code.to_numpy(), "reference": np.where(is_control, code, -1)})
    keys = ["code", "reference"]
    scored = average_precision(
        labels, features, pos_sameby=keys, pos_diffby=[], neg_sameby=[], neg_diffby=keys, progress_bar=False
    )
    own = scored[scored["reference"] == -1]
    # copairs counts rankings that are better; lowered by less than any difference, also those that are as good.
    lowered = own.assign(average_precision=own["average_precision"] - _TIE)
    n_null, seed = null
    # Its cache is keyed by less than what it depends on, and lies in the user's home unless it is told another place.
    with tempfile.TemporaryDirectory() as cache:
        found = mean_average_precision(
            lowered, ["code"], null_size=n_null, threshold=0.05, seed=seed, progress_bar=False, cache_dir=cache
        )
    found = found.set_index("code")
    return pd.DataFrame(
        {
            "mean_average_precision": found["mean_average_precision"] + _TIE,
            "normalized_average_precision": found["mean_normalized_average_precision"],
            "p_value": found["p_value"],
            "corrected_p_value": found["corrected_p_value"],
        }
    )


def _plain(words: Iterable[object]) -> "pd.Index[str]":
    """anndata 0.12 cannot write the strings of pandas 3."""
    return pd.Index([str(one) for one in words], dtype=object)
