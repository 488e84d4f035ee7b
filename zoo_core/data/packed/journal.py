"""What is done of a store that is being packed: one line a shard, added once its files are on the disk."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from zoo_core.contract import DataError, OutputError
from zoo_core.data.files import write_atomically
from zoo_core.data.packed.manifest import Plan, StoredFile, as_json, plan_of

JOURNAL = "journal.jsonl"


@dataclass(frozen=True)
class ShardDone:
    """One shard of every array.

    Attributes:
        number: of the shard.
        files: by path below the store.
        unreadable: rows of the index whose arrays could not be read, with the reason.
    """

    number: int
    files: dict[str, StoredFile]
    unreadable: dict[int, str]


class Journal:
    """The journal of one store; its first line is the plan."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, plan: Plan) -> None:
        """Write the first line; whoever finds a journal finds the plan in it."""
        write_atomically(self._path, _line(as_json(plan)))

    def add(self, done: ShardDone) -> None:
        """Note a shard whose files are on the disk.

        Raises:
            OutputError: the disk is full.
        """
        try:
            with self._path.open("ab") as file:
                file.write(_line(as_json(done)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(
                f"'{self._path}' needs to be written, which failed ({error.strerror}): make room"
            ) from error

    def read(self) -> tuple[Plan, list[ShardDone]]:
        """The plan, and what was noted last of each shard; a line that the end of its process cut off is removed.

        Raises:
            DataError: it is damaged.
        """
        try:
            plan, *shards = map(json.loads, self._whole_lines())
            noted = {done.number: done for done in TypeAdapter(list[ShardDone]).validate_python(shards)}
            return plan_of(plan), list(noted.values())
        except ValueError as error:
            raise DataError(f"'{self._path}' is damaged: remove the folder and pack again") from error

    def _whole_lines(self) -> list[bytes]:
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(self._path, len(whole))
        return whole.splitlines()


def _line(values: Any) -> bytes:
    return json.dumps(values).encode() + b"\n"
