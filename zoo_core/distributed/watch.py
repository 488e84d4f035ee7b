"""Finds, of what ranks say and how they end, which one was lost first: pure, with the clock passed in."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoo_core.distributed.beats import Beat
from zoo_core.distributed.channel import LOST, SILENCE_S
from zoo_core.distributed.remote import SSH_FAILED

START_S = 120.0
"""In which a rank has to say its first word: ssh, and Python from a slow file system."""

HANG_S, STEPS_OF_HANG = 30.0, 10
"""Steps hang where none is done for both of these."""

HELD_S = 5.0
"""A launcher that looks this much later than it wanted to was held itself: nobody was silent meanwhile."""


@dataclass(frozen=True)
class Loss:
    """A rank that has to be given up, or that ended by itself.

    Attributes:
        rank: which.
        how: what became of it, after "rank 1 on HOST ".
        by_itself: whether its own program failed, which has said why.
        unreachable: whether its host is.
    """

    rank: int
    how: str
    by_itself: bool = False
    unreachable: bool = False


class Watch:
    """Takes the beats of ranks and says when one of them no longer works.

    Args:
        hosts: of the ranks.
        now: seconds on a clock that only grows.
    """

    def __init__(self, hosts: Sequence[str], now: float) -> None:
        self._hosts = hosts
        self._heard_at = [now] * len(hosts)
        self._looked_at = now
        self.beats: list[Beat | None] = [None] * len(hosts)

    def heard(self, rank: int, beat: Beat, now: float) -> None:
        """A rank said something."""
        self._heard_at[rank] = now
        self.beats[rank] = beat

    def look(self, alive: Sequence[int], now: float) -> Loss | None:
        """The rank that is silent, or that all others wait for; None where all is well.

        Args:
            alive: ranks that have not ended.
            now: on the clock.
        """
        held_s, self._looked_at = now - self._looked_at, now
        if held_s > HELD_S:
            self._heard_at = [at + held_s for at in self._heard_at]
        return self._silent(alive, now) or self._hanging(alive)

    def _silent(self, alive: Sequence[int], now: float) -> Loss | None:
        silent = [r for r in alive if now - self._heard_at[r] > (SILENCE_S if self.beats[r] else START_S)]
        if not silent:
            return None
        stalest = min(silent, key=lambda r: self._heard_at[r])
        how = f"was not heard of for {now - self._heard_at[stalest]:.0f} s: it hangs, or its host is gone"
        # Ranks of one host do not fall silent in the same moment.
        neighbours = [r for r in alive if self._hosts[r] == self._hosts[stalest]]
        return Loss(stalest, how, unreachable=all(now - self._heard_at[r] > SILENCE_S / 2 for r in neighbours))

    def _hanging(self, alive: Sequence[int]) -> Loss | None:
        beats = {rank: beat for rank in alive if (beat := self.beats[rank])}
        # Where one rank writes or compiles, the others wait for it with reason.
        if not beats or len(beats) < len(alive) or not all(b.is_stepping for b in beats.values()):
            return None
        if any(b.idle_s <= max(HANG_S, STEPS_OF_HANG * b.step_s) for b in beats.values()):
            return None
        behind = min(beats, key=lambda r: beats[r].n_done)
        return Loss(behind, f"hangs: no step was done for {beats[behind].idle_s:.0f} s")


def first_lost(codes: Mapping[int, int], remote: Sequence[int] = ()) -> Loss | None:
    """Of ranks that failed, the one that the others failed for.

    Args:
        codes: exit code of each rank that failed, as a shell has it, in the order in which they ended.
        remote: ranks that ssh started.
    """
    if not codes:
        return None
    # The root says in words what is wrong. A rank that lost the others has nothing to tell.
    own_words = codes.get(0, LOST) < SSH_FAILED and codes.get(0, LOST) not in _NOT_BY_ITSELF
    rank = 0 if own_words else next((rank for rank, code in codes.items() if code != LOST), next(iter(codes)))
    code = codes[rank]
    if code == SSH_FAILED and rank in remote:
        return Loss(rank, "cannot be reached any more", unreachable=True)
    if code == LOST:
        return Loss(rank, "lost the others")
    if code in _NOT_BY_ITSELF:
        return Loss(rank, _how_killed(code))
    return Loss(rank, f"ended with exit code {code}", by_itself=True)


_NOT_BY_ITSELF = {LOST, *(128 + number for number in signal.Signals)}


def _how_killed(code: int) -> str:
    number = signal.Signals(code - 128)
    return "was killed (SIGKILL), perhaps for want of memory" if number == signal.SIGKILL else f"ended by {number.name}"
