"""Ranks that something else has started find each other by files in a folder that all of them see.

Each rank writes `rank-R.json`, what it is; the root waits for them all and writes `plan.json`, what they do. Meanwhile
it writes `root.json` now and then, so that nobody waits for a root that is gone.
"""

import contextlib
import json
import re
import shutil
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zoo_core.contract import MachineError, OutputError, ZooError
from zoo_core.data.files import write_atomically
from zoo_core.distributed.outside import Outside

MEETING_S = 300.0
"""In which all ranks have to come: a batch system may start some of them minutes after the first."""

ROOT_WRITES_S, ROOT_GONE_S = 5.0, 90.0
"""Between two signs of the root's, and after how long without one it is taken for gone; a network file system may show
what was written a minute late."""

LOOK_S = 0.1

MISTAKE = 2

Record = dict[str, Any]


def meeting_folder(parent: Path, outside: Outside) -> Path:
    """Where the ranks of a job meet: beside the run folder."""
    return parent / f".zoo-meeting-{re.sub(r'[^A-Za-z0-9.-]', '_', outside.job)}"


class RootOfMeeting:
    """The root's side. Entered, it gives signs of life; left, it tells those who still wait that there is no plan.

    Args:
        folder: of `meeting_folder`.
        outside: which ranks are to come.
    """

    def __init__(self, folder: Path, outside: Outside) -> None:
        self._folder, self.outside = folder, outside
        self._ended = threading.Event()
        self._records: dict[int, Record] = {}
        self._is_planned = False

    def __enter__(self) -> Self:
        # What a job of the same name has left is of no use; ranks that were here first write again.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._live, name="zoo-root-lives", daemon=True).start()
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        with contextlib.suppress(OutputError):  # what ended this says more
            if not self._is_planned:
                self._await_ranks(time.monotonic() + ROOT_WRITES_S)
                self._publish({"exit_code": MISTAKE if isinstance(error, ZooError) else int(error is not None)})
                self._await_read()
        self._ended.set()
        shutil.rmtree(self._folder, ignore_errors=True)

    def records(self) -> list[Record]:
        """What the other ranks are, from rank 1 on, once all have come.

        Raises:
            MachineError: some do not come.
        """
        self._await_ranks(time.monotonic() + MEETING_S)
        if missing := [str(rank) for rank in self._others if rank not in self._records]:
            raise MachineError(
                f"{self.outside.launcher} has started {self.outside.size} ranks, which have to meet in "
                f"'{self._folder}' within {MEETING_S:.0f} s. Received: no word of rank {', '.join(missing)}: choose "
                "an --out that every host sees, in the same working directory"
            )
        return [self._records[rank]["record"] for rank in self._others]

    def publish(self, plan: Record) -> None:
        """Tell every rank what it does."""
        self._publish({"exit_code": None, **plan})
        self._is_planned = True

    @property
    def _others(self) -> range:
        return range(1, self.outside.size)

    def _publish(self, plan: Record) -> None:
        words = {str(rank): said["word"] for rank, said in self._records.items()}
        _write(self._folder / "plan.json", {**plan, "words": words})

    def _await_ranks(self, until: float) -> None:
        while len(self._records) < len(self._others) and time.monotonic() < until:
            for rank in self._others:
                if said := _read(_rank_file(self._folder, rank)):
                    self._records[rank] = said
            time.sleep(LOOK_S)

    def _await_read(self) -> None:
        until = time.monotonic() + ROOT_WRITES_S
        while any(_rank_file(self._folder, r).exists() for r in self._records) and time.monotonic() < until:
            time.sleep(LOOK_S)

    def _live(self) -> None:
        n_signs = 0
        while not self._ended.is_set():
            with contextlib.suppress(OutputError):  # the ranks do not hear of the root then, which is true
                _write(self._folder / "root.json", {"n_signs": n_signs})
            n_signs += 1
            self._ended.wait(ROOT_WRITES_S)


def await_plan(folder: Path, outside: Outside, record: Record) -> Record:
    """Say what this rank is, and wait for what it does, however long the root prepares it.

    Args:
        folder: of `meeting_folder`.
        outside: which rank this is.
        record: what it is.
    Returns:
        What the root has published; its `exit_code` is a number where there is nothing to do.
    Raises:
        MachineError: the root does not come, or is gone.
    """
    own, word = _rank_file(folder, outside.rank), uuid.uuid4().hex
    sign, signed_at, limit_s = None, time.monotonic(), MEETING_S
    while True:
        plan = _read(folder / "plan.json")
        # Another word is that of a job before.
        if plan and plan["words"].get(str(outside.rank)) == word:
            own.unlink(missing_ok=True)
            return plan
        if not own.exists():
            with contextlib.suppress(OSError):  # the root may be clearing the folder
                folder.mkdir(parents=True, exist_ok=True)
                _write(own, {"word": word, "record": record})
        now = time.monotonic()
        if (seen := _read(folder / "root.json")) and seen != sign:
            sign, signed_at, limit_s = seen, now, ROOT_GONE_S
        if now - signed_at > limit_s:
            raise MachineError(
                f"Rank {outside.rank} of {outside.launcher} needs to hear of rank 0. Received: nothing for "
                f"{limit_s:.0f} s in '{folder}': choose an --out that every host sees, in the same working directory"
            )
        time.sleep(LOOK_S)


def _rank_file(folder: Path, rank: int) -> Path:
    return folder / f"rank-{rank}.json"


def _write(path: Path, values: Record) -> None:
    write_atomically(path, json.dumps(values).encode())


def _read(path: Path) -> Record | None:
    try:
        values: Record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return values
