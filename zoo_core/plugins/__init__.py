"""The registry: finds plugins without importing them, loads the one asked for, says what is wrong with a broken one."""

from zoo_core.plugins.allow_list import VARIABLE, AllowList, canonical_name, config_file, read_allow_list
from zoo_core.plugins.entries import Entry, Health, find_entries, source_file
from zoo_core.plugins.options import Option, describe_options
from zoo_core.plugins.registry import create, find, load
from zoo_core.plugins.verdicts import Verdict, memory_folder, recall, remember

__all__ = [
    "VARIABLE",
    "AllowList",
    "Entry",
    "Health",
    "Option",
    "Verdict",
    "canonical_name",
    "config_file",
    "create",
    "describe_options",
    "find",
    "find_entries",
    "load",
    "memory_folder",
    "read_allow_list",
    "recall",
    "remember",
    "source_file",
]
