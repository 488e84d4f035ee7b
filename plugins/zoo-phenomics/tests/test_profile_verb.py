"""`zoo plate profile`: embeddings of a run become profiles, and strong treatments are told from none."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from zoo_core.contract import DataError
from zoo_phenomics.plate_command import plugin

N_FEATURES = 6


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of 16 controls and of two compounds, four wells each, of which one does something."""
    random = np.random.default_rng(0)
    wells = [("negative", "mock", 0.0)] * 16 + [(None, "strong", 1.0)] * 4 + [(None, "weak", 1.0)] * 4
    rows = []
    for number, (role, treatment, dose) in enumerate(wells):
        shift = 5.0 if treatment == "strong" else 0.0
        for field in range(2):
            features = random.normal(size=N_FEATURES) + shift * np.array([1, -1, 1, 0, 0, 0])
            named = {f"feature.{i:04}": value for i, value in enumerate(features.astype(np.float32))}
            meta = {"meta.plate": "p", "meta.well_id": f"p/W{number:02}", "meta.control_role": role}
            meta |= {"meta.treatment": treatment, "meta.concentration": dose, "meta.field": field}
            rows.append({"example_id": f"{number}/{field}", "split": "test", **meta, **named})
    pd.DataFrame(rows).to_parquet(tmp_path / "features.parquet")
    return tmp_path


def call(*arguments: object) -> str:
    command = plugin.create(plugin.config())
    done = CliRunner().invoke(command, ["profile", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_treatment_that_does_something_is_active_and_one_that_does_not_is_not(run: Path) -> None:
    found = {row["meta.treatment"]: row for row in json.loads(call(run, "--json"))}
    assert found["strong"]["corrected_p_value"] < 0.05 < found["weak"]["corrected_p_value"]
    assert found["strong"]["n_wells"] == 4
    profiles, activity = (pd.read_parquet(run / f"{name}.parquet") for name in ("profiles", "activity"))
    assert len(profiles) == 24
    assert len(activity) == 2
    controls = profiles[profiles["meta.control_role"] == "negative"].filter(like="feature.")
    np.testing.assert_allclose(controls.median(), 0, atol=1e-6)


def test_the_text_names_each_perturbation_and_the_files(run: Path) -> None:
    said = call(run, "--seed", 1)
    assert "24 wells, 6 features (0 dropped)" in said
    assert "strong 1.0: mean average precision 1.000" in said
    assert "1 of 2 perturbations are active" in said
    assert "profiles.parquet" in said


def test_anndata_holds_the_profiles(run: Path) -> None:
    anndata = pytest.importorskip("anndata", reason="AnnData is an extra of zoo-phenomics")
    call(run, "--anndata", run / "p.h5ad", "--select")
    assert anndata.read_h5ad(run / "p.h5ad").n_obs == 24


@pytest.mark.parametrize(
    ("content", "said"), [(None, "has no features.parquet"), (b"text", "A whole features.parquet")]
)
def test_a_folder_without_embeddings_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "features.parquet").write_bytes(content)
    with pytest.raises(DataError, match=said) as raised:
        call(tmp_path)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "profiles.parquet").exists()
