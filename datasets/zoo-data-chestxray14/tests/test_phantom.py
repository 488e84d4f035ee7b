"""Laws of the drawn radiographs: the same from the same settings, and what the settings plant."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from zoo_core.contract import ConfigError, DatasetAdapter, SupportsBoxes, SupportsSecondTruth
from zoo_data_chestxray14.findings import FINDINGS
from zoo_data_chestxray14.phantom import ChestPhantom, ChestPhantomConfig, plugin

SIZES_PX = (16, 33, 64, 128, 224)


def phantom(**settings: object) -> ChestPhantom:
    return ChestPhantom(ChestPhantomConfig(**{"n_patients": 6, "size_px": 32, **settings}))


@pytest.fixture(scope="module")
def crowd() -> pd.DataFrame:
    """The truth of some 10,000 images."""
    return phantom(n_patients=4000).index()


def test_adapter_satisfies_the_contract():
    adapter = phantom()
    assert isinstance(adapter, DatasetAdapter)
    assert isinstance(adapter, SupportsBoxes)
    assert isinstance(adapter, SupportsSecondTruth)
    assert [label.name for label in adapter.labels] == list(FINDINGS)


@pytest.mark.parametrize("size_px", SIZES_PX)
def test_same_settings_draw_the_same_images_at_every_size(size_px):
    first, second = phantom(size_px=size_px), phantom(size_px=size_px)
    for i in range(3):
        image = first.read(i)["image"]
        assert image.shape == (size_px, size_px, 1)
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, second.read(i)["image"])


def test_truth_is_the_same_at_every_size():
    pd.testing.assert_frame_equal(phantom(size_px=16).index(), phantom(size_px=224).index())
    pd.testing.assert_frame_equal(phantom(size_px=16).boxes(), phantom(size_px=224).boxes())


def test_chest_is_the_same_at_every_size():
    small, large = phantom(size_px=64, n_patients=20), phantom(size_px=256, n_patients=20)
    for i in range(20):
        shrunk = large.read(i)["image"].reshape(64, 4, 64, 4).mean((1, 3))
        assert np.corrcoef(shrunk.ravel(), small.read(i)["image"].ravel())[0, 1] > 0.95


def test_images_do_not_depend_on_the_order_or_the_thread_of_reading():
    adapter = phantom(n_patients=20)
    rows = list(range(20))
    expected = [phantom(n_patients=20).read(i)["image"] for i in reversed(rows)][::-1]
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda i: adapter.read(i)["image"], rows * 3))
    for i, image in enumerate(images):
        np.testing.assert_array_equal(image, expected[i % 20])


def test_pickled_adapter_reads_the_same():
    adapter = phantom()
    expected = adapter.read(2)["image"]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(adapter)).read(2)["image"], expected)  # noqa: S301


def test_more_patients_leave_the_first_ones_as_they_were():
    few, many = phantom(n_patients=3), phantom(n_patients=9)
    n = len(few.index())
    pd.testing.assert_frame_equal(few.index(), many.index().head(n))
    np.testing.assert_array_equal(few.read(n - 1)["image"], many.read(n - 1)["image"])


def test_another_seed_draws_other_images_and_other_truth():
    first, second = phantom(seed=1, n_patients=30), phantom(seed=2, n_patients=30)
    assert not np.array_equal(first.read(0)["image"], second.read(0)["image"])
    assert not first.index()["oracle.Mass"].head(30).equals(second.index()["oracle.Mass"].head(30))


def test_index_is_what_the_contract_asks_for(crowd):
    assert list(crowd.index) == list(range(len(crowd)))
    assert crowd["example_id"].is_unique
    assert "split" not in crowd
    for name in FINDINGS:
        assert set(crowd[f"label.{name}"]) == {0, 1}
        assert crowd[f"oracle.{name}"].between(0, 1).all()
    assert set(crowd["meta.view_position"]) == {"PA", "AP"}
    assert crowd["meta.age"].between(1, 95).all()


def test_patients_have_one_to_four_images_one_sex_and_grow_older(crowd):
    patients = crowd.groupby("meta.patient_id")
    assert set(patients.size()) == {1, 2, 3, 4}
    assert (patients["meta.sex"].nunique() == 1).all()
    assert patients["meta.age"].is_monotonic_increasing.all()


def test_some_patients_are_children(crowd):
    assert 0.04 < (crowd["meta.age"] < 18).mean() < 0.12


@pytest.mark.parametrize("name", FINDINGS)
def test_oracle_is_near_the_best_possible_and_as_good_as_promised(crowd, name):
    measured = roc_auc_score(crowd[f"label.{name}"], crowd[f"oracle.{name}"])
    assert 0.93 < measured < 0.97
    assert measured == pytest.approx(phantom().oracle_auroc[name], abs=0.015)


@pytest.mark.parametrize("name", FINDINGS)
def test_prevalence_is_enriched(crowd, name):
    assert 0.10 < crowd[f"label.{name}"].mean() < 0.25


def test_card_records_the_prevalence_and_says_drawn(crowd):
    card = phantom().card
    assert card.drawn
    assert "Not for clinical use" in card.summary
    stated = float(card.notes[0].partition("Hernia ")[2].rstrip("."))
    assert stated == pytest.approx(crowd["label.Hernia"].mean(), abs=0.015)


def test_findings_of_a_patient_go_together(crowd):
    pairs = crowd.groupby("meta.patient_id").filter(lambda rows: len(rows) > 1)
    first, second = (pairs.groupby("meta.patient_id").nth(n).reset_index(drop=True) for n in (0, 1))
    for name in FINDINGS:
        together = (first[f"label.{name}"] & second[f"label.{name}"]).mean()
        assert together > 1.5 * crowd[f"label.{name}"].mean() ** 2


def view_auroc(index: pd.DataFrame, name: str) -> float:
    return float(roc_auc_score(index[f"label.{name}"], index["meta.view_position"] == "AP"))


def test_view_tells_nothing_unless_a_shortcut_is_planted(crowd):
    for name in FINDINGS:
        assert view_auroc(crowd, name) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("share", "auroc"), [(0.5, 0.75), (1.0, 1.0)])
def test_shortcut_lets_the_view_predict_one_finding_alone(share, auroc):
    index = phantom(n_patients=1000, view_shortcut=share, shortcut_finding="Fibrosis").index()
    assert view_auroc(index, "Fibrosis") == pytest.approx(auroc, abs=0.03)
    assert view_auroc(index, "Mass") == pytest.approx(0.5, abs=0.06)


def test_shortcut_leaves_labels_and_findings_as_they_were():
    plain, planted = phantom(n_patients=50).index(), phantom(n_patients=50, view_shortcut=1.0).index()
    changed = [column for column in plain if not plain[column].equals(planted[column])]
    assert changed == ["meta.view_position"]


def test_label_noise_flips_its_share_and_lowers_the_oracle(crowd):
    adapter = phantom(n_patients=4000, label_noise=0.1)
    noisy = adapter.index()
    columns = [f"label.{name}" for name in FINDINGS]
    assert (noisy[columns] != crowd[columns]).to_numpy().mean() == pytest.approx(0.1, abs=0.005)
    measured = roc_auc_score(noisy["label.Mass"], noisy["oracle.Mass"])
    assert measured == pytest.approx(adapter.oracle_auroc["Mass"], abs=0.02)
    assert measured < 0.85


def test_label_noise_leaves_the_images_as_they_were():
    np.testing.assert_array_equal(phantom().read(1)["image"], phantom(label_noise=0.5).read(1)["image"])


def test_planted_faults_stand_on_the_card():
    notes = " ".join(phantom(view_shortcut=0.25, shortcut_finding="Mass", label_noise=0.125).card.notes)
    assert "25% of the images the view follows Mass" in notes
    assert "12% of the labels" in notes
    assert "Planted" not in " ".join(phantom().card.notes)


@pytest.mark.parametrize("i", [-1, 1000])
def test_rows_that_are_not_there_are_refused(i):
    with pytest.raises(IndexError, match="rows 0 to"):
        phantom().read(i)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size_px", 15),
        ("n_patients", 0),
        ("max_images_per_patient", 0),
        ("seed", -1),
        ("view_shortcut", 1.5),
        ("label_noise", 0.6),
        ("shortcut_finding", "Fracture"),
    ],
)
def test_settings_out_of_range_are_named_in_one_line(fails, name, value):
    text = fails(ConfigError, lambda: ChestPhantomConfig(**{name: value}))
    assert text.startswith(f"data.{name} ")
    assert str(value) in text


def test_presets_are_settings():
    for settings in plugin.presets.values():
        plugin.config(**settings)


def test_second_truth_is_what_is_drawn_whatever_the_reader_calls_it():
    honest, noisy = phantom(n_patients=20), phantom(n_patients=20, label_noise=0.5)
    second = honest.second_truth()
    drawn = {(row.example_id, row.label) for row in honest.boxes().itertuples()}
    said = second.table.melt("example_id", var_name="label").query("value == 1")
    assert drawn == set(zip(said["example_id"], said["label"], strict=True))
    assert not honest.index().filter(like="label.").equals(noisy.index().filter(like="label."))
    pd.testing.assert_frame_equal(noisy.second_truth().table, second.table)


def test_second_truth_names_every_finding_and_says_that_it_is_drawn():
    second = phantom().second_truth()
    assert second.findings == {name: (name,) for name in FINDINGS}
    assert list(second.table.columns) == ["example_id", *FINDINGS]
    assert "drew" in second.source


def test_patients_of_one_seed_are_the_same_people_however_they_are_drawn_and_of_another_seed_are_others():
    namespace = phantom(seed=1).card.group_namespace
    assert phantom(seed=1, n_patients=3, size_px=32, label_noise=0.1).card.group_namespace == namespace
    assert phantom(seed=2).card.group_namespace != namespace
