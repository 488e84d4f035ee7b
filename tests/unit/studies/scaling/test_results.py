import csv

import pytest

from zoo_core.contract import ConfigError
from zoo_core.studies.cells import Cells
from zoo_core.studies.scaling import plan as plans
from zoo_core.studies.scaling.drawing import all_reduce_chart, projection_chart
from zoo_core.studies.scaling.plan import SIZES_BYTES, Plan
from zoo_core.studies.scaling.ring import ring_seconds
from zoo_core.studies.scaling.writing import write_results

LAWS = {"ring": lambda n, p: float(ring_seconds(n, p, 1e-3, 1e-9)), "liar": lambda n, p: 1e-3 + 1e-14 * n**2}


def made_plan(**changes):
    values = {"topology": "vgg16", "precision": "float32", "size_px": 32, "batch_size": 4, "ranks": (1, 2, 4)}
    return Plan(**{**values, "n_runs": 1, "n_steps": 2, **changes})


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(plans, "n_usable_cores", lambda: 2)


@pytest.fixture
def written(tmp_path, rows, two_cores):
    def write(law="ring", ranks=(1, 2, 4)):
        plan = made_plan(ranks=ranks)
        cells = Cells(tmp_path / f"{law}-{ranks}", "scaling", plan.settings())
        for row in rows:
            if row["n_ranks"] in ranks:
                cells.add({name: row[name] for name in ("way", "n_ranks", "scaling", "run")}, row)
        for p in ranks[1:]:
            for n in SIZES_BYTES:
                cells.add({"n_ranks": p, "n_bytes": n, "run": 0}, {"seconds": LAWS[law](n, p), "n_repeats": 5})
        return write_results(plan, cells)

    return write


def page_of(results):
    return results.files[-1].read_text()


def test_there_are_csv_files_charts_and_a_page_that_holds_them(written):
    results = written()
    names = ["steps.csv", "all-reduces.csv", "projection.csv", "ranks.png", "all-reduces.png", "projection.png"]
    assert [path.name for path in results.files] == [*names, "scaling.html"]
    page = page_of(results)
    assert page.count('src="data:image/png;base64,') == page.count("<img ") == 3
    assert "<script" not in page
    assert "http://" not in page


def test_measured_numbers_and_those_of_the_model_are_never_in_one_file(written):
    results = written()
    tables = {p.name: list(csv.DictReader(p.read_text().splitlines())) for p in results.files if p.suffix == ".csv"}
    assert {row["kind"] for row in tables["projection.csv"]} == {"model"}
    assert max(int(row["n_ranks"]) for row in tables["projection.csv"]) == 512
    assert {row["n_ranks"] for row in tables["steps.csv"]} == {"1", "2", "4"}
    crowded = {row["n_ranks"] for row in tables["steps.csv"] if row["more_ranks_than_cores"] == "True"}
    assert crowded == {row["n_ranks"] for row in tables["all-reduces.csv"] if row["more_ranks_than_cores"] == "True"}
    assert crowded == {"4"}


def test_the_page_says_what_is_a_model_and_what_it_leaves_out(written):
    page = page_of(written())
    assert "Projected by the model, not measured" in page
    assert all(word in page for word in ("stragglers", "overlap with computing", "share one network card"))


def test_the_page_takes_the_projection_back_where_the_all_reduces_follow_another_law(written):
    words = "The ring model does not describe these all-reduces"
    assert words in page_of(written("liar"))
    assert words not in page_of(written("ring"))


def test_one_rank_alone_gives_no_model_and_says_so(written):
    results = written(ranks=(1,))
    assert (results.fit, results.projection) == (None, [])
    assert "No all-reduce was measured" in page_of(results)
    assert "Projected" not in page_of(results)


def test_a_model_is_drawn_beside_what_was_measured(written):
    results = written()
    assert projection_chart(results.cells, results.projection) != projection_chart(
        results.cells, results.projection[:12]
    )
    drawn = all_reduce_chart(results.all_reduces, results.fit, 2)
    assert drawn == all_reduce_chart(results.all_reduces, results.fit, 2)
    assert drawn != all_reduce_chart(results.all_reduces, None, 2)


def test_the_record_is_what_the_page_says(written):
    record = written().record()
    assert record["speed_up"]["whole"] == pytest.approx(18 / 8)
    assert record["fit"]["ranks"] == (2,)
    assert len(record["all_reduces"]) == 2 * len(SIZES_BYTES)


@pytest.mark.parametrize(
    ("cores", "ranks", "fitting", "each"),
    [(2, (1, 2, 4), 2, 1), (8, (1, 2), 2, 4), (3, (1, 8), 1, 3), (6, (1, 4), 4, 1)],
)
def test_ranks_have_equal_cores_while_there_are_enough(monkeypatch, cores, ranks, fitting, each):
    monkeypatch.setattr(plans, "n_usable_cores", lambda: cores)
    plan = made_plan(ranks=ranks, batch_size=8)
    assert (plan.most_fitting, plan.n_cores_per_rank, plan.n_all_cores) == (fitting, each, fitting * each)


def test_everything_is_measured_once_before_anything_is_measured_again(two_cores):
    runs = [launch[0]["run"] for launch in made_plan(n_runs=3).launches()]
    assert runs == sorted(runs)
    assert runs.count(0) == runs.count(1) == runs.count(2) == 2 + 3 + 2


def test_a_global_batch_with_less_than_an_image_a_rank_is_refused(two_cores):
    with pytest.raises(ConfigError, match="--batch needs at least 2, so that each of 4 ranks"):
        made_plan(batch_size=1)
