"""Whether this process is a rank already, started by horovodrun, mpirun or srun."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Outside:
    """A launcher that is not ours.

    Attributes:
        launcher: its name.
        job: what no other job has; ranks find each other by it.
        rank: which of them this process is.
        size: how many there are.
        has_rendezvous: whether it serves Horovod's meeting point and has said where.
    """

    launcher: str
    job: str
    rank: int
    size: int
    has_rendezvous: bool = False

    @property
    def is_root(self) -> bool:
        """True on the one rank that prints and writes."""
        return self.rank == 0


def started_from_outside(environment: Mapping[str, str]) -> Outside | None:
    """The launcher that an environment tells of; None where there is none, or where it has started one process alone.

    Source:
        horovod.runner.gloo_run; mpirun(1) of Open MPI, "Environmental Variables"; srun(1), "Output environment
        variables".

    >>> started_from_outside({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_NAMESPACE": "77"})
    Outside(launcher='mpirun', job='mpirun-77', rank=1, size=2, has_rendezvous=False)
    >>> started_from_outside({"SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_JOB_ID": "5"})  # a batch script
    """
    found = _by_horovodrun(environment) or _by_mpirun(environment) or _by_srun(environment)
    return found if found and found.size > 1 else None


def _by_horovodrun(environment: Mapping[str, str]) -> Outside | None:
    if not {"HOROVOD_RANK", "HOROVOD_SIZE"} <= set(environment):
        return None
    where = [environment.get(f"HOROVOD_GLOO_RENDEZVOUS_{part}", "none") for part in ("ADDR", "PORT")]
    rank, size = int(environment["HOROVOD_RANK"]), int(environment["HOROVOD_SIZE"])
    return Outside("horovodrun", "-".join(["horovodrun", *where]), rank, size, has_rendezvous=True)


def _by_mpirun(environment: Mapping[str, str]) -> Outside | None:
    if not {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"} <= set(environment):
        return None
    names = ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_ess_jobid")
    job = next((environment[name] for name in names if name in environment), "")
    rank, size = int(environment["OMPI_COMM_WORLD_RANK"]), int(environment["OMPI_COMM_WORLD_SIZE"])
    return Outside("mpirun", f"mpirun-{job}", rank, size)


def _by_srun(environment: Mapping[str, str]) -> Outside | None:
    # A batch script and a shell of salloc have SLURM_PROCID too, but are no step of several tasks.
    if not {"SLURM_PROCID", "SLURM_JOB_ID", "SLURM_STEP_ID"} <= set(environment):
        return None
    size = int(environment.get("SLURM_STEP_NUM_TASKS") or environment.get("SLURM_NTASKS", "1"))
    parts = (environment["SLURM_JOB_ID"], environment["SLURM_STEP_ID"], environment.get("SLURM_RESTART_COUNT", "0"))
    return Outside("srun", "-".join(["srun", *parts]), int(environment["SLURM_PROCID"]), size)
