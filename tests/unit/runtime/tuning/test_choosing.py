import pytest

from zoo_core.runtime.tuning.choosing import choose

DEFAULT = [10.0, 12.0, 8.0, 10.0]


def test_the_fastest_is_chosen_where_it_wins_in_the_rounds():
    faster = [1.1 * speed for speed in DEFAULT]
    fastest = [1.3 * speed for speed in DEFAULT]
    assert choose({"default": DEFAULT, "a": faster, "b": fastest, "c": faster}, "default") == "b"


@pytest.mark.parametrize(
    "speeds",
    [
        DEFAULT,
        [1.01 * speed for speed in DEFAULT],
        [0.5 * speed for speed in DEFAULT],
        [99.0, 9.0, 7.0, 9.0],
        [12.0, 14.0, 7.0, 9.0],
    ],
    ids=["equal", "hardly faster", "slower", "faster once", "faster half of the time"],
)
def test_the_default_is_kept_unless_it_is_beaten_by_more_than_the_noise(speeds):
    assert choose({"default": DEFAULT, "other": speeds}, "default") == "default"


def test_a_round_is_compared_with_its_own_round_so_that_a_busy_machine_does_not_decide():
    busy = [1.0, 10.0, 2.0, 20.0]
    assert choose({"default": busy, "other": [1.1 * speed for speed in busy]}, "default") == "other"


@pytest.mark.parametrize("n_rounds", [0, 1, 2])
def test_too_few_rounds_prove_nothing(n_rounds):
    assert choose({"default": DEFAULT[:n_rounds], "other": [99.0] * n_rounds}, "default") == "default"
