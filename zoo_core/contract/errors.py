"""What can go wrong by a user's hand: one tree, each member also the builtin a caller would catch."""


class ZooError(Exception):
    """A mistake with a cure: its text is one line and says what was wanted, what came, where, and what to do."""


class ConfigError(ZooError, ValueError):
    """A configuration key or value that cannot be used."""


class PluginError(ZooError, LookupError):
    """A plugin that is unknown, ambiguous, for another contract version, or that does not load."""


class DataError(ZooError, ValueError):
    """A data set, or a row of it, that is not what its adapter promises."""


class ImageError(DataError, OSError):
    """One image that cannot be read; the run lists it with this reason and goes on."""


class SplitError(DataError):
    """A split that would let a group (a patient, a plant, a plate) straddle its parts."""


class OutputError(ZooError, OSError):
    """A place that cannot be written to, or that holds something already."""


class MachineError(ZooError, RuntimeError):
    """Something this machine lacks: a library, an instruction set, a network."""
