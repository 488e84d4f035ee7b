"""How ranks share the work of a step."""

from dataclasses import dataclass

from zoo_core.contract import Communicator
from zoo_core.runtime.config import BatchNorm, RunConfig, WireType


@dataclass(frozen=True)
class Sharing:
    """The ranks of a step, real and virtual, and what goes between them.

    Attributes:
        communicator: the processes.
        n_played: ranks that each process plays.
        batch_norm: whose moments batch norms use, "per-rank" or "cross-rank".
        n_accumulations: parts of a rank's share that are computed one after the other.
        all_reduce_dtype: of gradients on their way between processes.
    """

    communicator: Communicator
    n_played: int = 1
    batch_norm: BatchNorm = "per-rank"
    n_accumulations: int = 1
    all_reduce_dtype: WireType = "float32"

    @property
    def keeps_statistics_apart(self) -> bool:
        """Whether this process has batch norm's moving statistics of several ranks."""
        return self.n_played > 1 and self.batch_norm == "per-rank"


def sharing_of(config: RunConfig, communicator: Communicator) -> Sharing:
    """As a configuration has it.

    Args:
        config: of the run.
        communicator: the processes.
    """
    trainer, n_played = config.trainer, config.launch.n_virtual_ranks
    return Sharing(communicator, n_played, trainer.batch_norm, trainer.n_accumulations, trainer.all_reduce_dtype)
