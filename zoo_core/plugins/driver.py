"""The one importer of stevedore."""

from importlib.metadata import EntryPoint
from typing import Any

from stevedore.driver import DriverManager

from zoo_core.contract import GROUPS
from zoo_core.plugins.entries import Entry


class OneEntryPoint(DriverManager[Any]):
    """Stevedore's driver manager, told which entry point to load."""

    def __init__(self, entry: Entry) -> None:
        self._found = EntryPoint(entry.name, entry.value, GROUPS[entry.kind])
        super().__init__(namespace=self._found.group, name=entry.name)

    def list_entry_points(self) -> list[EntryPoint]:
        """The one that was found."""
        # Stevedore's own list is cached on disk under modification times of two minutes' precision, and so can miss
        # what was installed a moment ago.
        return [self._found]


def load_object(entry: Entry) -> Any:
    """Import what an entry point names; what the import raises is raised as it is."""
    return OneEntryPoint(entry).extensions[0].plugin
