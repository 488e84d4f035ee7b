"""What a study has measured so far: a line a measurement, so that the same command again measures what is missing."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from zoo_core.contract import OutputError
from zoo_core.runtime.json_files import read_json, write_json

SCHEMA_VERSION = 1
DESCRIPTION = "study.json"
MEASURED = "measured.jsonl"

Record = dict[str, Any]


class Cells:
    """The folder of a study and the cells of its grid that are measured.

    A cell is named by its place on the axes of the grid, such as `{"n_ranks": 2, "run": 0}`. The axes may grow from
    call to call; what makes a number mean something else is a setting, and all cells of a folder have one list of them.

    Args:
        folder: of the study; made where it is missing.
        study: its name.
        settings: what each cell was measured with; values that JSON has.
    Raises:
        OutputError: the folder holds something else, or cells measured with other settings, or cannot be written.
    """

    def __init__(self, folder: Path, study: str, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        described = {"study": study, "settings": json.loads(json.dumps(settings))}
        _begin_or_compare(folder, described)
        self._records = {_key(record["cell"]): record for record in _read_lines(folder / MEASURED)}

    def __contains__(self, cell: Mapping[str, Any]) -> bool:
        return _key(cell) in self._records

    def values(self, cell: Mapping[str, Any]) -> Record:
        """What was measured in a cell.

        Raises:
            KeyError: nothing was.
        """
        values: Record = self._records[_key(cell)]["values"]
        return values

    def add(self, cell: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Keep what was measured in a cell, also after a power cut.

        Raises:
            OutputError: it cannot be written.
        """
        record = {"cell": dict(cell), "values": dict(values)}
        try:
            with (self.folder / MEASURED).open("a+b") as file:
                # After a line that was cut short by a kill, a line of its own.
                file.write(b"\n" * _is_torn(file) + json.dumps(record).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(
                f"'{self.folder / MEASURED}' needs to be written, which failed ({error.strerror}): make room or give "
                "permission there"
            ) from error
        self._records[_key(cell)] = record

    def known(self, cell: Mapping[str, Any], measure: Callable[[], Mapping[str, Any]]) -> Record:
        """What was measured in a cell, now where it was not before."""
        if cell not in self:
            self.add(cell, measure())
        return self.values(cell)

    def rows(self, axis: str) -> list[Record]:
        """A row for each cell that has a place on `axis`: the axes, then what was measured there."""
        return [{**one["cell"], **one["values"]} for one in self._records.values() if axis in one["cell"]]


def _begin_or_compare(folder: Path, described: Record) -> None:
    path = folder / DESCRIPTION
    if path.exists():
        _refuse_other(folder, read_json(path, SCHEMA_VERSION), described)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        foreign = any(folder.iterdir())
    except OSError as error:
        raise OutputError(
            f"--out needs a folder that can be made and written. Received: '{folder}' ({error.strerror}): choose "
            "another"
        ) from error
    if foreign:
        raise OutputError(
            f"--out needs a folder that is empty, not there yet, or of the same study. Received: '{folder}', which "
            "holds something else: choose another"
        )
    write_json(path, {"schema_version": SCHEMA_VERSION, **described})


def _refuse_other(folder: Path, there: Record, wanted: Record) -> None:
    if there.get("study") != wanted["study"]:
        raise OutputError(
            f"--out needs a folder of study '{wanted['study']}'. Received: '{folder}', which holds study "
            f"'{there.get('study')}': choose another"
        )
    before, now = there.get("settings", {}), wanted["settings"]
    differing = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if differing:
        said = "; ".join(f"{name} {before.get(name)} there, {now.get(name)} now" for name in differing)
        raise OutputError(
            f"--out '{folder}' holds cells measured with other settings: {said}: choose another folder, or the same "
            "settings"
        )


def _read_lines(path: Path) -> Iterator[Record]:
    """Records of a file, without the lines that a kill cut short."""
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and {"cell", "values"} <= set(record):
            yield record


def _is_torn(file: BinaryIO) -> bool:
    """Whether a file, open at its end, ends within a line."""
    if file.tell() == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _key(cell: Mapping[str, Any]) -> str:
    return json.dumps(cell, sort_keys=True)
