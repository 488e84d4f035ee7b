"""The allow-list: the distributions whose plugins may be loaded, where a file `zoo.toml` says which."""

import difflib
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_core.contract import ConfigError

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

VARIABLE = "ZOO_CONFIG"
"""Environment variable that names the file."""

FILE = "zoo.toml"
"""What the file is called in the current folder, where no variable names another."""

TABLE = "allow"

ANY = "*"
"""In place of a version specifier: every version."""

OWN = "zoo-core"
"""Always allowed: it is what reads the list."""


@dataclass(frozen=True)
class AllowList:
    """Distributions whose plugins may be loaded.

    Attributes:
        path: of the file.
        versions: version specifier (PEP 440), or `ANY`, by canonical name of the distribution.
    """

    path: Path
    versions: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of what it allows, whatever else stands in the file."""
        lines = "".join(f"{name} {version}\n" for name, version in sorted(self.versions.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def objection(self, distribution: str, version: str) -> str | None:
        """Why a distribution is not allowed, and what to add, so that it can follow its title; None where it is."""
        name = canonical_name(distribution)
        if name == OWN:
            return None
        allowed = self.versions.get(name)
        if allowed is not None and _holds(allowed, version):
            return None
        line = f'{name} = "{_exactly(version)}"'
        if allowed is None:
            return f"is not allowed by '{self.path}': add {line} to its table [{TABLE}] to allow it"
        return f"is not allowed by '{self.path}', which allows {name} {allowed}: {line} would allow this version"


def canonical_name(distribution: str) -> str:
    """A distribution's name as comparisons take it.

    Source:
        PEP 503, "Normalized Names".

    >>> canonical_name("Zoo_Data.Plates")
    'zoo-data-plates'
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()


def config_file() -> Path | None:
    """The file that is in force, which `VARIABLE` names or which is `FILE` here; None where there is none."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    here = Path(FILE)
    return here if here.exists() or here.is_symlink() else None


def read_allow_list() -> AllowList | None:
    """The allow-list in force; None where there is no file, or none in it: everything may then be loaded.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or holds an unknown key or something that is no version
            specifier.
    """
    path = config_file()
    if path is None:
        return None
    content = _read(path)
    for key in content:
        if key != TABLE:
            near = f"did you mean '{TABLE}'?" if difflib.get_close_matches(key, [TABLE]) else f"known here: {TABLE}"
            raise ConfigError(f"There is no key '{key}' in '{path}': {near}")
    return AllowList(path, _versions(path, content[TABLE])) if TABLE in content else None


def _read(path: Path) -> dict[str, Any]:
    # Only where there is a file: `zoo list` starts faster without.
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        where = (
            f"{VARIABLE} needs a TOML file that" if os.environ.get(VARIABLE) else f"'{FILE}' needs to be a file that"
        )
        raise ConfigError(f"{where} can be read. Received: '{path}' ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"A configuration file needs to be TOML. Received: '{path}' ({error})") from error


def _versions(path: Path, table: Any) -> dict[str, str]:
    where = f"[{TABLE}] in '{path}'"
    if not isinstance(table, dict):
        raise ConfigError(f"{where} needs to be a table of versions by distribution. Received: {table!r}")
    versions: dict[str, str] = {}
    for key, value in table.items():
        name = canonical_name(key)
        if name == OWN:
            raise ConfigError(f"{where} names {key}, which is always allowed: take that line out")
        if name in versions:
            raise ConfigError(f"{where} needs each distribution once. Received: '{key}', a second line for {name}")
        if not isinstance(value, str) or not _is_specifier(value):
            raise ConfigError(
                f"{where} needs a version specifier for '{key}', such as '==1.0' or '>=1.0,<2', or '{ANY}' for every "
                f"version. Received: {value!r}"
            )
        versions[name] = value
    return versions


def _specifier(text: str) -> "SpecifierSet":
    # As tomllib: it takes longer to import than all the rest of `zoo list`.
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(text)


def _is_specifier(text: str) -> bool:
    if text == ANY:
        return True
    try:
        return len(_specifier(text)) > 0
    except ValueError:
        return False


def _holds(allowed: str, version: str) -> bool:
    if allowed == ANY:
        return True
    specifier = _specifier(allowed)
    try:
        # A preliminary version is allowed where the specifier names one, as installers have it.
        return specifier.contains(version, prereleases=bool(specifier.prereleases))
    except ValueError:
        return False  # what is no version by PEP 440 lies in no range of versions


def _exactly(version: str) -> str:
    return f"=={version}" if _is_specifier(f"=={version}") else ANY
