"""The verb `zoo plate profile`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.contract import DataError, OutputError

if TYPE_CHECKING:
    import pandas as pd

FEATURES, PROFILES, ACTIVITY = "features.parquet", "profiles.parquet", "activity.parquet"

SIGNIFICANT = 0.05
"""Corrected p, below which a perturbation is called active."""


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--select", is_flag=True, help="Drop features that hardly vary or say what another says.")
@click.option("--anndata", "h5ad", type=click.Path(path_type=Path), metavar="FILE", help="Profiles as AnnData too.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the rankings that p values are held against.")
@click.option("--json", "as_json", is_flag=True, help="The perturbations as a record instead of text.")
def profile(run: Path, select: bool, h5ad: Path | None, seed: int, as_json: bool) -> None:
    """Make profiles of the wells that RUN was tested on, and tell which perturbations are active.

    A profile is a well's embedding in units of its plate's negative controls. Written into RUN: profiles.parquet and
    activity.parquet (mean average precision, p and corrected p).
    """
    from zoo_phenomics.profiles import (
        aggregate_profiles,
        normalize_profiles,
        phenotypic_activity,
        select_features,
        to_anndata,
    )

    profiles = normalize_profiles(aggregate_profiles(_features(run)))
    profiles = select_features(profiles) if select else profiles
    activity = phenotypic_activity(profiles.table, seed=seed)
    _write(profiles.table, run / PROFILES)
    _write(activity, run / ACTIVITY)
    if h5ad is not None:
        to_anndata(profiles.table).write_h5ad(h5ad)
    for plate, reason in profiles.left_out.items():
        click.echo(f"left out: plate '{plate}': {reason}", err=True)
    click.echo(_record(activity) if as_json else _text(profiles.table, len(profiles.dropped), activity, run))


def _features(run: Path) -> "pd.DataFrame":
    import pandas as pd

    path = run / FEATURES
    try:
        return pd.read_parquet(path)
    except FileNotFoundError as error:
        raise DataError(
            f"Profiles need the embeddings of a run of plates. Received: '{run}', which has no {FEATURES}: give the "
            "folder of a finished 'zoo run plate-response'"
        ) from error
    except (ValueError, OSError) as error:
        raise DataError(f"A whole {FEATURES} was wanted. Received: '{path}' ({error}): train the run anew") from error


def _write(table: "pd.DataFrame", path: Path) -> None:
    hidden = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        table.to_parquet(hidden, index=False)
        hidden.replace(path)
    except OSError as error:
        hidden.unlink(missing_ok=True)
        raise OutputError(f"'{path}' needs to be written, which failed ({error.strerror}): make room there") from error


def _record(activity: "pd.DataFrame") -> str:
    rows: list[dict[str, Any]] = json.loads(activity.to_json(orient="records"))
    return json.dumps(rows, indent=2)


def _text(wells: "pd.DataFrame", n_dropped: int, activity: "pd.DataFrame", run: Path) -> str:
    from zoo_phenomics.profiles import features_of

    n_active = int((activity["corrected_p_value"] < SIGNIFICANT).sum())
    lines = [f"{len(wells)} wells, {len(features_of(wells))} features ({n_dropped} dropped)"]
    for row in activity.to_dict("records"):
        name = " ".join(str(row[key]) for key in ("meta.treatment", "meta.concentration"))
        if isinstance(row["reason"], str):
            lines.append(f"  {name}: {row['reason']}")
        else:
            number, p = row["mean_average_precision"], row["corrected_p_value"]
            lines.append(f"  {name}: mean average precision {number:.3f}, corrected p {p:.4f}, {row['n_wells']} wells")
    lines.append(f"{n_active} of {len(activity)} perturbations are active (corrected p below {SIGNIFICANT:g})")
    lines.append(f"written: {run / PROFILES}, {run / ACTIVITY}")
    return "\n".join(lines)
