import pytest

from zoo_core.distributed.outside import started_from_outside

MPIRUN = {"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_NAMESPACE": "77"}
SRUN = {"SLURM_PROCID": "1", "SLURM_JOB_ID": "5", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2"}
HOROVODRUN = {
    "HOROVOD_RANK": "1",
    "HOROVOD_SIZE": "2",
    "HOROVOD_GLOO_RENDEZVOUS_ADDR": "192.0.2.1",
    "HOROVOD_GLOO_RENDEZVOUS_PORT": "9",
}


@pytest.mark.parametrize("environment", [MPIRUN, SRUN, HOROVODRUN])
def test_a_rank_knows_that_it_is_one_and_finds_a_name_that_all_ranks_find(environment):
    one, root = (started_from_outside({**environment, name: rank}) for name, rank in _ranks(environment))
    assert (one.rank, one.size, one.is_root) == (1, 2, False)
    assert (root.rank, root.is_root) == (0, True)
    assert one.job == root.job


def _ranks(environment):
    name = next(name for name in environment if name.endswith(("_RANK", "_PROCID")))
    return (name, "1"), (name, "0")


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing"),
        pytest.param({**MPIRUN, "OMPI_COMM_WORLD_SIZE": "1"}, id="one process"),
        pytest.param({**SRUN, "SLURM_STEP_NUM_TASKS": "1"}, id="a shell in a larger allocation"),
        pytest.param({k: v for k, v in SRUN.items() if k != "SLURM_STEP_ID"}, id="a batch script"),
    ],
)
def test_one_process_alone_is_no_rank(environment):
    assert started_from_outside(environment) is None


def test_a_job_that_is_started_again_meets_elsewhere():
    assert started_from_outside(SRUN).job != started_from_outside({**SRUN, "SLURM_RESTART_COUNT": "1"}).job
