"""Laws of the pictures: every sign is there to be seen, in its box, and no linear model is enough to read them."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from zoo_data_chestxray14.drawn.cohort import CohortPlan, Examination, examinations, stream
from zoo_data_chestxray14.drawn.labelling import LEAST_SEVERITY
from zoo_data_chestxray14.drawn.radiograph import boxes, draw, scene
from zoo_data_chestxray14.findings import FINDINGS
from zoo_data_chestxray14.phantom import ChestPhantom, ChestPhantomConfig

SEED = 3
VISIBLE_LEVELS = 25
LINEAR_CEILING = 0.75


@pytest.fixture(scope="module")
def people() -> list[Examination]:
    return examinations(CohortPlan(SEED, 40, 4, 0.0, 0, 0.0))


def picture(person: Examination, finding: str | None, severity: float, size_px: int) -> np.ndarray:
    """The person with one finding alone, or with none."""
    present = np.zeros(len(FINDINGS))
    if finding:
        present[FINDINGS.index(finding)] = severity
    plan, _ = scene(replace(person, severity=present), SEED)
    return draw(plan, size_px, stream(SEED, 0)).astype(float)[:, :, 0]


@pytest.mark.parametrize("finding", FINDINGS)
def test_sign_is_visible_and_nothing_of_it_lies_outside_its_box(people, finding):
    size_px = 64
    for person in people[:15]:
        change = np.abs(picture(person, finding, 0.8, size_px) - picture(person, None, 0, size_px))
        present = np.where(np.array(FINDINGS) == finding, 0.8, 0.0)
        ((name, x_min, y_min, width, height),) = boxes(scene(replace(person, severity=present), SEED)[0])
        assert name == finding
        rows = slice(int(y_min * size_px), int(np.ceil((y_min + height) * size_px)))
        columns = slice(int(x_min * size_px), int(np.ceil((x_min + width) * size_px)))
        assert change[rows, columns].max() > VISIBLE_LEVELS
        change[rows, columns] = 0
        assert change.max() == 0


@pytest.mark.parametrize("finding", FINDINGS)
def test_severer_findings_change_more_of_the_picture(people, finding):
    changes = [
        np.mean([np.abs(picture(p, finding, s, 64) - picture(p, None, 0, 64)).sum() for p in people[:10]])
        for s in (LEAST_SEVERITY, 0.7, 1.0)
    ]
    assert changes[0] < changes[1] < changes[2]


def test_boxes_are_inside_the_image_and_one_for_each_finding_that_is_drawn():
    adapter = ChestPhantom(ChestPhantomConfig(n_patients=60))
    found, index = adapter.boxes(), adapter.index()
    drawn = (index[[f"oracle.{name}" for name in FINDINGS]] > 0).to_numpy().sum()
    assert len(found) == drawn
    for low, length in (("x_min", "width"), ("y_min", "height")):
        assert found[low].min() >= 0
        assert (found[length] > 0).all()
        assert (found[low] + found[length]).max() <= 1 + 1e-9


def test_views_look_different(people):
    change = [
        np.abs(
            picture(replace(p, view_position="AP"), None, 0, 64) - picture(replace(p, view_position="PA"), None, 0, 64)
        ).mean()
        for p in people[:10]
    ]
    assert min(change) > 3


def test_pictures_use_the_range_of_grey_without_being_burnt_out():
    adapter = ChestPhantom(ChestPhantomConfig(n_patients=20))
    for i in range(20):
        image = adapter.read(i)["image"]
        assert np.percentile(image, 95) - np.percentile(image, 5) > 60
        assert (image == 255).mean() < 0.1


def test_linear_model_on_pixels_is_not_enough():
    adapter = ChestPhantom(ChestPhantomConfig(n_patients=2000))
    index = adapter.index()
    pixels = np.stack([adapter.read(i)["image"].ravel() for i in range(len(index))]).astype(np.float32) / 255
    labels = index[[f"label.{name}" for name in FINDINGS]].to_numpy()
    is_test = index["meta.patient_id"] >= index["meta.patient_id"].iloc[int(len(index) * 0.8)]
    pixels -= pixels[~is_test].mean(axis=0)
    scores = Ridge(alpha=1000.0).fit(pixels[~is_test], labels[~is_test]).predict(pixels[is_test])
    auroc = [roc_auc_score(labels[is_test][:, n], scores[:, n]) for n in range(len(FINDINGS))]
    # Above chance: a picture without any sign would pass the ceiling as well.
    assert 0.55 < np.mean(auroc) < LINEAR_CEILING
