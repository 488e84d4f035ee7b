"""What the metadata of installed packages proves about plugins; nothing of them is imported."""

import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import Literal

from zoo_core import __version__
from zoo_core.contract import CONTRACT_VERSION, GROUPS, KINDS
from zoo_core.plugins.allow_list import AllowList, canonical_name, read_allow_list

Health = Literal["ok", "not tried", "unhealthy", "not allowed"]

_KIND_OF_FAMILY = {group.rpartition(".")[0]: kind for kind, group in GROUPS.items()}
_CONTRACT_VERSION = re.compile(r"v\d+")


@dataclass(frozen=True)
class Entry:
    """One entry point of one distribution.

    Attributes:
        kind: of `KINDS`.
        name: of the entry point.
        distribution: that registers it.
        version: of the distribution.
        contract_version: that its group names, such as "v1".
        value: what it points at, such as "zoo_radiology.chexnet:plugin".
        health: `ok` once tried, `unhealthy` where metadata or a trial shows a fault, `not allowed` where an allow-list
            is in force that leaves its distribution out.
        reason: why it is unhealthy or not allowed: a sentence that names kind, name and distribution.
        summary: the plugin's own sentence; None until it was tried, since metadata does not hold it.
    """

    kind: str
    name: str
    distribution: str
    version: str
    contract_version: str
    value: str
    health: Health = "not tried"
    reason: str | None = None
    summary: str | None = None

    @property
    def title(self) -> str:
        """Kind, name and distribution, as errors name them."""
        return f"{self.kind.capitalize()} '{self.name}' of {self.distribution} {self.version}"

    @property
    def is_usable(self) -> bool:
        """Whether it may be loaded, and nothing is known that speaks against it."""
        return self.health in ("ok", "not tried")

    def found_unhealthy(self, fault: str) -> "Entry":
        """This entry with a fault, said so that it can follow the title."""
        return replace(self, health="unhealthy", reason=f"{self.title} {fault}")


def find_entries() -> tuple[Entry, ...]:
    """Every entry point of every contract version, sorted by kind and name.

    What an allow-list leaves out is not allowed. Another contract version, a name that is taken twice and a value that
    cannot point at anything are unhealthy here already; everything else is `not tried`.

    Raises:
        ConfigError: the file that may hold an allow-list cannot be used.
    """
    allow_list = read_allow_list()
    found = [entry for distribution in _distributions() for entry in _entries_of(distribution, allow_list)]
    barred = [entry for entry in found if not entry.is_usable]
    # What is not allowed is as good as not installed: it takes no name from what is.
    judged = _without_twins(_judged(entry) for entry in found if entry.is_usable)
    order = {kind: i for i, kind in enumerate(KINDS)}
    return tuple(sorted([*barred, *judged], key=lambda e: (order[e.kind], e.name, e.distribution, e.value)))


def source_file(entry: Entry) -> Path | None:
    """The file an entry point names, found without importing it; None where it cannot be told."""
    top, *parts = entry.value.partition(":")[0].strip().split(".")
    try:
        # Only the top package is looked up: looking up a module below it would import its parents.
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = [Path(location) for location in spec.submodule_search_locations or ()]
    candidates = [folder.joinpath(*parts) for folder in folders]
    files = [path for base in candidates for path in (base.with_suffix(".py"), base / "__init__.py")]
    if not parts and spec.origin:
        files = [Path(spec.origin)]
    return next((path for path in files if path.is_file()), None)


def _distributions() -> Iterator[Distribution]:
    """Those that may hold plugins; of two with one name the first on the path, as Python imports."""
    seen = set()
    for distribution in distributions():
        # Read as text first: faster, and a malformed line in a package that is none of ours does no harm.
        if "[zoo." not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name = canonical_name(distribution.name or "")
        if name not in seen:
            seen.add(name)
            yield distribution


def _entries_of(distribution: Distribution, allow_list: AllowList | None) -> Iterator[Entry]:
    metadata = distribution.metadata
    name, version = metadata["Name"] or "a distribution without a name", metadata["Version"] or "without a version"
    objection = allow_list.objection(name, version) if allow_list else None
    for point in distribution.entry_points:
        family, _, contract_version = point.group.rpartition(".")
        kind = _KIND_OF_FAMILY.get(family)
        if kind and _CONTRACT_VERSION.fullmatch(contract_version):
            entry = Entry(kind, point.name, name, version, contract_version, point.value)
            yield replace(entry, health="not allowed", reason=f"{entry.title} {objection}") if objection else entry


def _judged(entry: Entry) -> Entry:
    if entry.contract_version != CONTRACT_VERSION:
        return entry.found_unhealthy(
            f"is written for contract {entry.contract_version}; zoo-core {__version__} speaks {CONTRACT_VERSION}: "
            f"install a version of {entry.distribution} for contract {CONTRACT_VERSION}"
        )
    if not EntryPoint.pattern.match(entry.value):
        return entry.found_unhealthy(f"needs an entry point such as 'package.module:plugin'. Received: '{entry.value}'")
    return entry


def _without_twins(entries: Iterable[Entry]) -> Iterator[Entry]:
    twins = defaultdict(list)
    for entry in entries:
        twins[entry.kind, entry.name, entry.contract_version].append(entry)
    for claims in twins.values():
        for entry in claims:
            others = [f"{e.distribution} {e.version} ({e.value})" for e in claims if e is not entry]
            if others and entry.contract_version == CONTRACT_VERSION:
                entry = entry.found_unhealthy(
                    f"({entry.value}) bears a name that is taken by {', '.join(others)}: none of them is loaded; "
                    "uninstall all but one"
                )
            yield entry
