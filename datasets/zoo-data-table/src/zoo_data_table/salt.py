"""The secret that identifiers are hashed with."""

from __future__ import annotations

import contextlib
import hmac
import secrets
from pathlib import Path

import pandas as pd

from zoo_core.contract import DataError, OutputError
from zoo_data_table.whole_files import create_file

N_DIGITS = 16
"""Of a hash, 64 bits: among a million names two are equal with a chance of 3 in 100 million."""


def salt_of(toml: Path, given: str) -> bytes:
    """The salt of a TOML file: what it gives itself, or the file beside it, which is made where it is missing.

    Patient numbers are few enough to be hashed all: only a secret keeps whoever has a run folder from finding them. It
    lies beside the TOML file, where the table with the patients lies too, and never in a run folder. Whoever shares the
    TOML file without it gets other names of the same examples; where two tables are to name patients alike, they share
    it.

    Args:
        toml: the file.
        given: its key `salt`.
    Raises:
        OutputError: there is none and it cannot be written.
        DataError: the file is empty or cannot be read.
    """
    if given:
        return given.encode()
    path = toml.with_suffix(".salt")
    if not path.exists():
        made = f"{secrets.token_hex(32)}\n".encode()
        try:
            # Of several ranks one makes it, and all read the same.
            with contextlib.suppress(FileExistsError):
                create_file(path, made)
        except OSError as error:
            raise OutputError(
                f"'{path}' needs to be written, which failed ({error.strerror}): give permission there, or a key "
                f"'salt' in {toml.name}"
            ) from error
    try:
        salt = path.read_bytes().strip()
    except OSError as error:
        raise DataError(f"'{path}' needs to be read, which failed ({error.strerror})") from error
    if not salt:
        raise DataError(f"'{path}' is empty: put back the salt that was in it, or remove the file for a new one")
    return salt


def hashed(salt: bytes, what: str, names: pd.Series) -> pd.Series:
    """(row,) 16 hexadecimal digits of each name, others for another salt and for another kind of name.

    Args:
        salt: the secret.
        what: kind of name, such as "group".
        names: of the rows.
    """
    digests = {name: hmac.digest(salt, f"{what}\0{name}".encode(), "sha256").hex() for name in pd.unique(names)}
    return names.map(digests).str[:N_DIGITS]
