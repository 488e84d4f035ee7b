import pytest

from zoo_core.contract import MachineError
from zoo_core.studies.storage.formats import FORMATS
from zoo_core.studies.storage.measuring import Bench, as_values, measured, n_opens, utilisation
from zoo_core.studies.storage.rank import Job
from zoo_core.studies.storage.ranks import Ranks

from .conftest import SHAPE


class FalseRanks(Ranks):
    """Ranks that answer without reading."""

    def __init__(self, read):
        self.read = read

    def open(self, seed, **command):
        self.does = command["do"]

    def begin(self):
        if self.does == "train":
            return 0.0, [{"compute_s": 1.0, "total_s": 2.0, "n_steps": 3}]
        return 0.0, [{"n_images": n, "end": 2.0, "waits_s": [0.5], "device_bytes": 0, "n_opens": 1} for n in self.read]


def test_images_times_bytes_is_what_lies_on_the_disk_for_every_format(written):
    name, folder = written
    files = FORMATS[name].files(folder)
    answers = [{"waits_s": [0.1, 0.2], "device_bytes": 7}, {"waits_s": [0.3], "device_bytes": None}]
    values = as_values(Bench(FalseRanks([]), files, SHAPE.n_images, 1.0), answers, wall_s=2.5)
    on_disk = sum(len(path.read_bytes()) for path in folder.rglob("*") if path in files)
    assert values["n_bytes"] == on_disk > SHAPE.n_images * 25
    assert values["images_per_s"] * values["bytes_per_image"] / 1e6 == pytest.approx(values["mb_per_s"], rel=1e-12)
    assert values["mb_per_s"] * 2.5 * 1e6 == pytest.approx(on_disk)
    assert (values["batch_p50_ms"], values["device_mb"]) == (pytest.approx(200), None)


@pytest.mark.parametrize("read", [(64, 65), (66, 65)])
def test_images_that_are_lost_or_read_twice_are_no_measurement(written, read):
    name, folder = written
    bench = Bench(FalseRanks(read), FORMATS[name].files(folder), SHAPE.n_images, 1.0)
    with pytest.raises(RuntimeError, match="130 images are to be read once"):
        measured(bench, {"run": 0, "asked": "warm", "n_ranks": 2})


def test_utilisation_is_computing_over_all_and_the_mean_over_ranks():
    answers = [{"compute_s": 9.0, "total_s": 10.0, "n_steps": 3}, {"compute_s": 1.0, "total_s": 2.0, "n_steps": 4}]
    assert utilisation(answers) == {"utilisation": pytest.approx(0.7), "n_steps": 7}


def test_opens_are_those_of_the_one_who_saw_more_or_unknown():
    answers = [{"n_opens": 3}, {"n_opens": 3}]
    assert (n_opens(5, answers), n_opens(64, answers), n_opens(None, answers)) == (6, 64, None)


@pytest.mark.parametrize("n_ranks", [1, 2])
def test_real_ranks_read_everything_once_and_open_each_file_as_often_as_the_format_has_it(written, n_ranks):
    name, folder = written
    files = FORMATS[name].files(folder)
    with Ranks([Job(name, str(folder), SHAPE, rank, n_ranks) for rank in range(n_ranks)]) as ranks:
        values = measured(Bench(ranks, files, SHAPE.n_images, 0.001), {"run": 3, "asked": "warm", "n_ranks": n_ranks})
    assert (values["seed"], values["state"]) == (3, "warm")
    # Every rank opens every shard of a packed store; the others' files are dealt.
    assert values["opens"] == {"png": 130, "packed": n_ranks, "tfrecord": 64}[name]
    assert 0 < values["utilisation"] <= 1


def test_a_rank_that_ends_is_named_with_its_last_words(tmp_path):
    jobs = [Job("packed", str(tmp_path / "nowhere"), SHAPE, rank, 2) for rank in range(2)]
    with pytest.raises(MachineError, match=r"Rank 0 of 2 .* exit code 1, and it said: .*nowhere"):
        Ranks(jobs).__enter__()
