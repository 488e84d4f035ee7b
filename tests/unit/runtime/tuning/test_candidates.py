import pytest

from zoo_core.runtime import settings
from zoo_core.runtime.config import LaunchConfig
from zoo_core.runtime.machine import Machine
from zoo_core.runtime.tuning.candidates import Candidate, fast_precisions, find_candidates, streams_of

PHANTOM = {"data": {"name": "chest-phantom"}, "precision": {"name": "float32"}}


def machine(n_cores, n_physical=None, flags=()):
    return Machine("A CPU", flags, n_cores, n_physical, 2**33, {})


def candidates(n_cores, n_physical=None, precisions=(), most_ranks=99, batch=32):
    config = settings.configure("chexnet", "default", [PHANTOM, {"trainer": {"global_batch_size": batch}}])
    return find_candidates(config, machine(n_cores, n_physical), list(precisions), most_ranks)


def layouts(*arguments, **more):
    return [(one.n_ranks, one.n_threads) for one in candidates(*arguments, **more)]


@pytest.mark.parametrize("n_cores", [1, 2, 3, 5, 8, 64])
@pytest.mark.parametrize("hyperthreads", [False, True])
def test_the_default_is_first_and_ranks_times_threads_never_exceed_the_cores(n_cores, hyperthreads):
    found = candidates(n_cores, n_cores // 2 if hyperthreads else n_cores, ["float32", "bfloat16"])
    assert found[0] == Candidate(1, 0, "float32")
    assert len(set(found)) == len(found)
    assert all(one.n_ranks * max(one.n_threads, 1) <= n_cores for one in found)


def test_two_cores_are_tried_as_one_rank_as_two_and_with_one_thread():
    assert layouts(2, 2) == [(1, 0), (2, 0), (1, 1)]


def test_each_rank_is_tried_with_all_logical_and_with_its_physical_cores():
    assert layouts(8, 4) == [(1, 0), (2, 0), (4, 0), (8, 0), (1, 4), (2, 2), (4, 1)]


def test_without_horovod_one_rank_is_tried_alone():
    assert {n_ranks for n_ranks, _ in layouts(8, 4, most_ranks=1)} == {1}


def test_no_rank_is_tried_that_would_see_no_example():
    assert max(n_ranks for n_ranks, _ in layouts(8, 4, batch=3)) == 2


def test_every_layout_is_tried_with_every_precision_and_the_defaults_own_first():
    found = candidates(2, 2, ["float32", "bfloat16"])
    assert [one.precision for one in found] == ["float32"] * 3 + ["bfloat16"] * 3


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ((), ["float32"]),
        (("avx2",), ["float32"]),
        (("avx512_bf16",), ["float32", "bfloat16"]),
        (("amx_bf16",), ["float32", "bfloat16"]),
    ],
)
def test_a_precision_is_tried_where_the_cpu_has_the_instructions_that_make_it_fast(flags, names):
    assert fast_precisions(["float32", "bfloat16"], machine(2, flags=flags)) == names


def test_a_precision_that_is_unavailable_or_does_not_load_is_not_tried(site):
    source = '''
from dataclasses import dataclass
from zoo_core.contract import Plugin
@dataclass(frozen=True)
class Config:
    """Nothing can be set."""
class Half:
    instructions, promise = (), "half"
    def __init__(self, config): pass
    def unavailable(self): return "needs a library"
    def policy(self): return "float16"
plugin = Plugin(config=Config, create=Half, summary="Half.")
'''
    site.install("lab", {"zoo.precision.v1:half": "lab:plugin", "zoo.precision.v1:none": "lab:absent"}, lab=source)
    assert fast_precisions(["half", "none", "float32"], machine(2)) == ["float32"]


@pytest.mark.parametrize(("n_ranks", "n_threads", "streams"), [(1, 0, (1, 2, 4)), (4, 0, (1, 2)), (1, 3, (1, 2))])
def test_not_more_streams_are_tried_than_threads_but_two(n_ranks, n_threads, streams):
    assert streams_of(Candidate(n_ranks, n_threads, "float32"), 8) == streams


def test_a_candidate_sets_what_it_is():
    config = settings.configure("chexnet", "default", [PHANTOM, Candidate(2, 3, "bfloat16").settings(4)])
    assert config.launch == LaunchConfig(n_ranks=2, n_threads=3, n_streams=4)
    assert config.precision.name == "bfloat16"
