"""Laws of the simulated reader."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from zoo_data_chestxray14.drawn.labelling import LEAST_SEVERITY, label_probability, oracle_auroc, prevalence


def test_reader_calls_more_often_what_is_more_severe():
    probability = label_probability(np.linspace(0, 1, 11))
    assert (np.diff(probability) > 0).all()
    assert 0 < probability[0] < 0.05
    assert probability[-1] > 0.99


def test_reader_who_is_flipped_half_of_the_time_says_nothing():
    np.testing.assert_allclose(label_probability(np.linspace(0, 1, 5), label_noise=0.5), 0.5)
    assert oracle_auroc(0.2, label_noise=0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("label_noise", [0.0, 0.1])
def test_oracle_and_prevalence_in_the_limit_are_those_of_many_simulated_readings(label_noise):
    rng = np.random.default_rng(5)
    present = rng.random(100_000) < 0.2
    severity = np.where(present, LEAST_SEVERITY + (1 - LEAST_SEVERITY) * rng.random(100_000), 0)
    called = rng.random(100_000) < label_probability(severity, label_noise)
    assert oracle_auroc(0.2, label_noise) == pytest.approx(roc_auc_score(called, severity), abs=0.005)
    assert prevalence(0.2, label_noise) == pytest.approx(called.mean(), abs=0.005)
