"""The real plate BBBC013: written as OME-Zarr, read back through the adapter, with the values that are known of it."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from ome_zarr_models.v05.hcs import HCS
from PIL import Image

from zoo_data_plates.ngff.design import Channel, PlateDesign
from zoo_data_plates.ngff.writing import create_plate, finish_plate, write_field
from zoo_data_plates.ome_plate import OmePlate, OmePlateConfig
from zoo_data_plates.plate_check import check_plate

DESIGN = PlateDesign("BBBC013", 8, 12, (Channel("FKHR-GFP", "00FF00"), Channel("DNA", "0000FF")), "uint8")
ROLES = {"-1": "negative", "1": "positive", "0": None}
MEAN_TOLERANCE = 0.0005  # the golden values have three places
DOSE_TOLERANCE = 0.005  # and the means of the doses two


@pytest.fixture(scope="session")
def bbbc013(shared_data, tmp_path_factory) -> Path:
    source, folder = shared_data("hcs_bbbc013_plate"), tmp_path_factory.mktemp("bbbc013") / "plate.zarr"
    with (source / "platemap.csv").open() as file:
        wells = list(csv.DictReader(file))
    create_plate(folder, DESIGN, {row["well"]: 1 for row in wells})
    for row in wells:
        files = [source / "images" / row[name] for name in ("channel1_png", "channel2_png")]
        write_field(folder, DESIGN, row["well"], 0, np.stack([np.asarray(Image.open(file)) for file in files]))
    table = pd.DataFrame(
        {
            "well": [row["well"] for row in wells],
            "treatment": [row["compound_inferred"] for row in wells],
            "control_role": [ROLES[row["control"]] for row in wells],
            "dose_index": [int(row["dose_index"]) for row in wells],
        }
    )
    assert finish_plate(folder, table) == ()
    return folder


@pytest.fixture(scope="session")
def correlations(bbbc013: Path) -> pd.DataFrame:
    """The index with each well's Pearson correlation of the two channels."""
    adapter = OmePlate(OmePlateConfig(root=str(bbbc013)))
    index = adapter.index()
    images = (adapter.read(i)["image"].reshape(-1, 2) for i in range(len(index)))
    return index.assign(r=[np.corrcoef(image, rowvar=False)[0, 1] for image in images])


def test_the_plate_is_valid_ngff(bbbc013: Path) -> None:
    model = HCS.from_zarr(zarr.open_group(bbbc013, mode="r"))
    assert (model.n_wells, model.ome_zarr_version) == (96, "0.5")
    assert len(list(model.well_groups)) == 96


def test_the_controls_have_the_known_correlation_of_their_channels(correlations: pd.DataFrame) -> None:
    negative = correlations.loc[correlations["label.response"] == 0, "r"]
    positive = correlations.loc[correlations["label.response"] == 1, "r"]
    assert (len(negative), len(positive)) == (16, 8)
    assert negative.mean() == pytest.approx(0.262, abs=MEAN_TOLERANCE)
    assert negative.std() == pytest.approx(0.047, abs=MEAN_TOLERANCE)
    assert positive.mean() == pytest.approx(0.784, abs=MEAN_TOLERANCE)
    assert positive.std() == pytest.approx(0.012, abs=MEAN_TOLERANCE)
    z_prime = 1 - 3 * (negative.std() + positive.std()) / abs(negative.mean() - positive.mean())
    assert z_prime == pytest.approx(0.66, abs=DOSE_TOLERANCE)


@pytest.mark.parametrize(
    ("half", "known"),
    [
        ("A-D", [0.27, 0.28, 0.38, 0.54, 0.75, 0.78, 0.79, 0.78, 0.76]),
        ("E-H", [0.33, 0.31, 0.35, 0.51, 0.72, 0.78, 0.78, 0.78, 0.77]),
    ],
)
def test_each_dose_of_each_half_has_its_known_mean(correlations: pd.DataFrame, half: str, known: list[float]) -> None:
    rows = correlations[(correlations["meta.half"] == half) & correlations["meta.dose_index"].between(1, 9)]
    means = rows.groupby("meta.dose_index")["r"].mean()
    assert np.allclose(means, known, rtol=0, atol=DOSE_TOLERANCE + 1e-9)


def test_nothing_is_found_wrong_with_the_plate(bbbc013: Path) -> None:
    report = check_plate(bbbc013, lambda _done, _of: None)
    assert (report.ok, report.notices) == (True, ())
    assert (report.n_wells, report.sizes_px, len(report.wells)) == (96, ((640, 640),), 192)
