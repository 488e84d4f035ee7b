"""A laboratory's table from nothing to a report, and nobody's name on the way."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

FINDINGS = ["Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Pneumothorax"]
N_IMAGES = 200


@pytest.fixture(scope="module")
def lab(run_zoo: Any, shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table of six findings, described, and a run on it."""
    source, folder = shared_data("nih_cxr14_621"), tmp_path_factory.mktemp("lab")
    table = pd.read_csv(source / "labels.csv").head(N_IMAGES)
    table["patient"] = [f"Patient No. {number}" for number in table["patient_id"]]
    table[["image", "patient", "age", "sex", "view", *FINDINGS]].to_csv(folder / "lab.csv", index=False)
    run = ("run", "chexnet", "--preset", "smoke", "--topology", "mobilenetv2", "--data", f"table={folder / 'lab.toml'}")
    for call in (
        ("data", "init", folder / "lab.csv", "--root", source / "images_256"),
        (*run, "--out", folder / "run"),
    ):
        done = run_zoo(*call)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_six_findings_of_a_table_are_learned_and_the_others_stay_unknown(lab: Path) -> None:
    predictions = pd.read_parquet(lab / "run" / "predictions.parquet")
    known = [column.removeprefix("truth.") for column in predictions if column.startswith("truth.")]
    known = [name for name in known if predictions[f"truth.{name}"].notna().any()]
    assert known == FINDINGS
    assert (lab / "run" / "report.html").is_file()


@pytest.mark.slow
def test_rows_are_found_again_by_the_table_alone(lab: Path) -> None:
    predictions = pd.read_parquet(lab / "run" / "predictions.parquet")
    rows = pd.read_csv(lab / "lab.csv").iloc[predictions["meta.table_row"] - 2]
    for finding in FINDINGS:
        assert (rows[finding].to_numpy() == predictions[f"truth.{finding}"].to_numpy()).all()


@pytest.mark.slow
def test_no_file_of_a_run_folder_names_a_patient_a_file_or_the_salt(lab: Path) -> None:
    table = pd.read_csv(lab / "lab.csv")
    secrets = [*table["patient"], *table["image"], (lab / "lab.salt").read_text().strip()]
    any_secret = b"|".join(re.escape(secret.encode()) for secret in secrets)
    for path in filter(Path.is_file, (lab / "run").rglob("*")):
        content = path.read_bytes()
        if path.suffix == ".parquet":  # compressed
            content = pd.read_parquet(io.BytesIO(content)).to_csv().encode()
        assert re.search(any_secret, content) is None, path
