"""The contract, version 1: all that a plugin sees of the zoo besides `zoo_core.api`."""

from zoo_core.contract.arrays import Arrays, ArraySpec
from zoo_core.contract.dataset import (
    DatasetAdapter,
    DatasetCard,
    Example,
    Label,
    SecondTruth,
    SupportsBatches,
    SupportsBoxes,
    SupportsSecondTruth,
    SupportsShards,
    SupportsUnreadable,
)
from zoo_core.contract.errors import (
    ConfigError,
    DataError,
    ImageError,
    MachineError,
    OutputError,
    PluginError,
    SplitError,
    ZooError,
)
from zoo_core.contract.plugin import CONTRACT_VERSION, GROUPS, KINDS, Plugin
from zoo_core.contract.precision import (
    Control,
    Load,
    Network,
    PrecisionBackend,
    SupportsAccuracyControl,
    SupportsConversion,
    SupportsTraining,
)
from zoo_core.contract.ranks import Communicator, Rank
from zoo_core.contract.task import PrimaryMetric, Reporting, Task
from zoo_core.contract.topology import InputScaling, Topology, Weights

__all__ = [
    "CONTRACT_VERSION",
    "GROUPS",
    "KINDS",
    "ArraySpec",
    "Arrays",
    "Communicator",
    "ConfigError",
    "Control",
    "DataError",
    "DatasetAdapter",
    "DatasetCard",
    "Example",
    "ImageError",
    "InputScaling",
    "Label",
    "Load",
    "MachineError",
    "Network",
    "OutputError",
    "Plugin",
    "PluginError",
    "PrecisionBackend",
    "PrimaryMetric",
    "Rank",
    "Reporting",
    "SecondTruth",
    "SplitError",
    "SupportsAccuracyControl",
    "SupportsBatches",
    "SupportsBoxes",
    "SupportsConversion",
    "SupportsSecondTruth",
    "SupportsShards",
    "SupportsTraining",
    "SupportsUnreadable",
    "Task",
    "Topology",
    "Weights",
    "ZooError",
]
