import numpy as np
import pytest

from zoo_core.contract import ConfigError
from zoo_core.runtime.config import TrainerConfig
from zoo_core.runtime.schedule import Progress, learning_rate


def rates(config: TrainerConfig, n_steps: int, n_plateaus: int = 0) -> list[float]:
    return [learning_rate(config, step, n_steps, n_plateaus) for step in range(n_steps)]


def test_constant_schedule_is_constant():
    assert set(rates(TrainerConfig(schedule="constant", learning_rate=0.3), 5)) == {0.3}


def test_cosine_falls_from_the_highest_rate_towards_nothing():
    values = rates(TrainerConfig(schedule="cosine", learning_rate=0.4), 10)
    assert values[0] == 0.4
    assert values == sorted(values, reverse=True)
    assert 0 < values[-1] < 0.02


def test_warmup_rises_by_equal_parts_to_the_highest_rate():
    config = TrainerConfig(n_epochs=4, schedule="constant", learning_rate=0.4, warmup_epochs=1)
    assert rates(config, 16)[:5] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])


def test_each_plateau_multiplies_the_rate_by_the_factor():
    config = TrainerConfig(schedule="plateau", learning_rate=1.0, plateau_factor=0.1)
    assert rates(config, 2, n_plateaus=2) == pytest.approx([0.01, 0.01])


def test_plateau_is_met_after_more_epochs_without_progress_than_patience():
    progress = Progress()
    plateaus = []
    for step, value in enumerate([0.6, 0.7, 0.7, 0.65, 0.6, 0.6, 0.8]):
        progress = progress.after(value, step, "max", patience=1)
        plateaus.append(progress.n_plateaus)
    assert plateaus == [0, 0, 0, 1, 1, 2, 2]
    assert (progress.best, progress.best_step) == (0.8, 6)


def test_lower_is_better_where_the_metric_says_so():
    progress = Progress().after(0.5, 1, "min", 1).after(0.4, 2, "min", 1).after(0.45, 3, "min", 1)
    assert (progress.best, progress.best_step) == (0.4, 2)


def test_an_undefined_metric_is_no_progress():
    progress = Progress().after(0.5, 1, "max", 3).after(None, 2, "max", 3)
    assert (progress.best, progress.n_since) == (0.5, 1)


@pytest.mark.parametrize("direction", ["max", "min"])
def test_of_epochs_with_one_value_the_last_is_the_best(direction):
    progress, steps = Progress(), []
    for step, value in enumerate([1.0, 1.0, None, 1.0]):
        progress = progress.after(value, step, direction, patience=9)
        steps.append(progress.best_step)
    assert steps == [0, 1, 1, 3]
    assert progress.best == 1.0


def test_an_equal_epoch_is_no_progress_to_the_plateau():
    """Perfect on a few controls from the first epoch on, the rate falls all the same."""
    progress, plateaus = Progress(), []
    for step in range(1, 8):
        progress = progress.after(1.0, step, "max", patience=1)
        plateaus.append(progress.n_plateaus)
    assert plateaus == [0, 0, 1, 1, 2, 2, 3]
    assert progress.best_step == 7


def test_a_worse_epoch_leaves_the_best_step_where_it_is():
    progress = Progress().after(0.8, 1, "max", 0).after(0.8, 2, "max", 0).after(0.7, 3, "max", 0)
    assert (progress.best, progress.best_step, progress.n_plateaus) == (0.8, 2, 2)


@pytest.mark.parametrize(("rule", "factor"), [("none", 1), ("linear", 8), ("sqrt", 8**0.5)])
def test_a_rule_makes_the_highest_rate_of_the_global_batch(rule, factor):
    config = TrainerConfig(
        schedule="constant",
        learning_rate=0.1,
        learning_rate_rule=rule,
        base_batch_size=4,
        global_batch_size=32,
        warmup_epochs=1,
        n_epochs=4,
    )
    values = rates(config, 16)
    assert values[4:] == pytest.approx([0.1 * factor] * 12)
    assert values[3] == pytest.approx(0.1 * factor)
    # Goyal et al.: the linear rule's warm-up begins at the rate of the small batch.
    steps = np.diff([0.1 if rule == "linear" else 0.0, *values[:4]])
    assert steps == pytest.approx([steps[0]] * 4)


def test_a_batch_of_the_base_size_has_the_base_rate_whatever_the_rule():
    for rule in ("none", "linear", "sqrt"):
        config = TrainerConfig(schedule="constant", learning_rate_rule=rule, warmup_epochs=1)
        assert rates(config, 8)[-1] == pytest.approx(config.learning_rate)


def test_the_linear_rule_needs_a_warm_up():
    with pytest.raises(ConfigError, match=r"trainer\.learning_rate_rule=linear needs trainer\.warmup_epochs above 0"):
        TrainerConfig(learning_rate_rule="linear")
