"""Files of a study: CSV tables, charts and a page."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo_core.data.files import write_atomically


def as_csv(rows: Sequence[Mapping[str, Any]], first: Iterable[str] = ()) -> bytes:
    """Rows with one set of columns.

    Args:
        rows: by column.
        first: columns that come first.
    """
    columns = list(dict.fromkeys([*first, *(column for row in rows for column in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def written(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files by their name, each whole or not at all.

    Raises:
        OutputError: one cannot be written.
    """
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]
