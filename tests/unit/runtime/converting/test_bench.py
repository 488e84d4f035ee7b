"""Speeds side by side, by a clock of our own."""

from collections.abc import Iterator

import numpy as np
import pytest

from zoo_core.contract import Load
from zoo_core.runtime.converting.bench import MOST_IMAGES, N_TURNS, Contender, bench


class Clock:
    """A clock that only networks move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Timed:
    """A network that takes what it is told for each image, in turn, and notes who was called when."""

    def __init__(self, name: str, clock: Clock, seconds: Iterator[float], calls: list[str]) -> None:
        self.name, self.clock, self.seconds, self.calls = name, clock, seconds, calls

    def outputs(self, images: np.ndarray) -> np.ndarray:
        self.clock.now += next(self.seconds) * len(images)
        self.calls.append(self.name)
        return np.zeros((len(images), 1), np.float32)


IMAGES = np.zeros((8, 2, 2, 1), np.float32)
ONE_CALL = Load(batch_size=8)


def timed(clock: Clock, calls: list[str], **seconds: list[float]) -> dict[str, Contender]:
    return {name: Contender(Timed(name, clock, iter(own), calls), ONE_CALL) for name, own in seconds.items()}


def test_ratios_are_of_the_same_turn_and_the_first_call_is_not_counted() -> None:
    clock = Clock()
    contenders = timed(clock, [], float32=[99, 4, 4, 8, 4, 4], int8=[99, 1, 2, 2, 1, 0.5])
    found = bench(contenders, IMAGES, lambda: None, clock)
    assert found["images_per_s"] == {"float32": 0.25, "int8": 1.0}
    assert found["ratio"] == {"float32": [1, 1, 1], "int8": [4, 2, 8]}
    assert (found["n_turns"], found["n_images"]) == (N_TURNS, 8)


def test_turns_change_who_is_first() -> None:
    clock, calls = Clock(), list[str]()
    bench(timed(clock, calls, float32=[1] * 9, a=[1] * 9, b=[1] * 9), IMAGES, lambda: None, clock)
    assert calls[3:12] == ["float32", "a", "b", "a", "b", "float32", "b", "float32", "a"]


def test_every_turn_is_told_and_of_many_images_the_first_are_taken() -> None:
    clock, told = Clock(), list[int]()
    many = np.zeros((MOST_IMAGES + 5, 2, 2, 1), np.float32)
    found = bench(timed(clock, [], float32=[1] * 99), many, lambda: told.append(1), clock)
    assert (len(told), found["n_images"]) == (N_TURNS, MOST_IMAGES)


@pytest.mark.parametrize("n_streams", [1, 2])
def test_all_images_go_through_as_the_network_was_loaded(n_streams: int) -> None:
    sizes = list[int]()

    class Counted:
        def outputs(self, images: np.ndarray) -> np.ndarray:
            sizes.append(len(images))
            return np.zeros((len(images), 1), np.float32)

    bench({"float32": Contender(Counted(), Load(3, n_streams))}, IMAGES, lambda: None)
    warm_up = [3] if n_streams == 1 else [3, 3]
    assert sorted(sizes) == sorted(warm_up + N_TURNS * [3, 3, 2])
