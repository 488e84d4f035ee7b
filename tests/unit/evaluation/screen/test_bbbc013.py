"""The one real plate: a published screen, judged by the correlation of its two channels."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import spearmanr

from zoo_core.evaluation.draws import Draws
from zoo_core.evaluation.screen.screen import evaluate_screen
from zoo_core.evaluation.screen.separation import separate
from zoo_core.evaluation.screen.wells import ScoreColumn, aggregate_wells

CORRELATION = ScoreColumn("correlation", "baseline.correlation.response")
ROLES = {-1: "negative", 1: "positive"}


@pytest.fixture(scope="module")
def rows(shared_data) -> pd.DataFrame:
    """Predictions of the plate, as if no well had been trained on."""
    folder = shared_data("hcs_bbbc013_plate")
    layout = pd.read_csv(folder / "platemap.csv")
    channels = [
        [np.asarray(Image.open(folder / "images" / name), dtype=float).ravel() for name in layout[f"channel{c}_png"]]
        for c in (1, 2)
    ]
    is_sample = layout["control"] == 0
    return pd.DataFrame(
        {
            "example_id": layout["well"],
            "split": "test",
            "status": "ok",
            "meta.plate": "BBBC013",
            "meta.well_id": "BBBC013/" + layout["well"],
            "meta.row": layout["row"],
            "meta.column": layout["column"],
            "meta.treatment": layout["compound_inferred"],
            "meta.concentration": layout["dose_index"].where(is_sample).astype(float),
            "meta.concentration_unit": np.where(is_sample, "dose index", None),
            "meta.control_role": layout["control"].map(ROLES),
            "meta.half": np.where(layout["row"] < "E", "A-D", "E-H"),
            CORRELATION.column: [np.corrcoef(a, b)[0, 1] for a, b in zip(*channels, strict=True)],
        }
    )


GOLDEN = [("A-D", 0.720, (8, 4), 0.827), ("E-H", 0.692, (8, 4), 0.861), ("A-H", 0.660, (16, 8), 0.846)]
"""Half, Z' by sample standard deviations, negative and positive wells, Spearman over the samples' nine doses."""


@pytest.mark.parametrize(("half", "z", "n_wells", "spearman"), GOLDEN)
def test_the_golden_numbers_are_those_of_sample_deviations_and_of_the_samples_doses(rows, half, z, n_wells, spearman):
    wells = aggregate_wells(rows[rows["meta.half"].isin([half]) | (half == "A-H")], [CORRELATION])
    record = separate(wells, [CORRELATION], Draws(200, 0))["correlation"].as_record()
    assert (record["n_negative"], record["n_positive"]) == n_wells
    assert record["z_prime"][0] == pytest.approx(z, abs=5e-4)
    assert record["auroc"][0] == 1
    samples = wells[wells["meta.control_role"].isna()]
    assert spearmanr(samples["meta.concentration"], samples[CORRELATION.of_wells])[0] == pytest.approx(
        spearman, abs=5e-4
    )


def test_controls_have_the_means_and_spreads_of_the_data_sheet(rows):
    wells = aggregate_wells(rows, [CORRELATION])
    by_role = wells.groupby("meta.control_role")[CORRELATION.of_wells]
    assert by_role.mean().round(3).to_dict() == {"negative": 0.262, "positive": 0.784}
    assert by_role.std().round(3).to_dict() == {"negative": 0.047, "positive": 0.012}


@pytest.mark.parametrize(("half", "compound", "ec50"), [("A-D", "Wortmannin", 3.75), ("E-H", "LY294002", 4.12)])
def test_the_other_half_is_judged_when_one_was_trained_on(rows, half, compound, ec50):
    table = rows.assign(split=np.where(rows["meta.half"] == half, "test", "train"))
    record = evaluate_screen(table, [CORRELATION], n_replicates=200).record
    assert (record["n_wells"], record["n_trained_on"]) == (48, 48)
    response = record["pooled"]["dose_response"]
    assert list(response) == [compound]
    value, low, high = response[compound]["ec50"]
    assert value == pytest.approx(ec50, abs=0.01)
    assert 3.5 < low < value < high < 4.3
    # Eight controls are separated without a fault, and yet leave open that half of the positive ones fail.
    assert record["pooled"]["separation"]["auroc"][1] < 0.5
    assert "8 negative and 4 positive" in record["cannot_show"]
