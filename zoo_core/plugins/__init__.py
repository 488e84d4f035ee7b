"""The registry: finds plugins without importing them, loads the one asked for, says what is wrong with a broken one."""

from zoo_core.plugins.entries import Entry, Health, find_entries, source_file
from zoo_core.plugins.options import Option, describe_options
from zoo_core.plugins.registry import create, find, load
from zoo_core.plugins.verdicts import Verdict, memory_folder, recall, remember

__all__ = [
    "Entry",
    "Health",
    "Option",
    "Verdict",
    "create",
    "describe_options",
    "find",
    "find_entries",
    "load",
    "memory_folder",
    "recall",
    "remember",
    "source_file",
]
