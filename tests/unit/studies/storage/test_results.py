import csv
import dataclasses
from pathlib import Path

import pytest

from zoo_core.studies.cells import Cells
from zoo_core.studies.storage.formats import Shape
from zoo_core.studies.storage.plan import Plan
from zoo_core.studies.storage.summary import summaries, verdicts
from zoo_core.studies.storage.writing import as_csv, write_results

AXES = ("place", "format", "n_ranks", "asked", "run")
GIGABYTE = 10**9


def heads(rows, memory_bytes=1):
    return [f"{v.level}: {v.head} {v.text}" for v in verdicts(summaries(rows), memory_bytes)]


def test_a_cell_is_the_median_of_its_runs_with_the_lowest_and_the_highest(row):
    (cell,) = summaries([row(run=i, images_per_s=rate) for i, rate in enumerate((5.0, 1.0, 2.0))])
    assert (cell["images_per_s"], cell["n_runs"]) == ([2.0, 1.0, 5.0], 3)


def test_one_run_that_was_not_proven_cold_makes_its_cell_unknown(row):
    (cell,) = summaries([row(run=i, asked="cold", state=state) for i, state in enumerate(("cold", "unknown"))])
    assert cell["state"] == "unknown"


def test_the_formats_that_feed_the_accelerator_are_named_first_and_the_others_with_their_numbers(row):
    rows = [row(format="packed"), row(utilisation=0.5), row(n_ranks=2, utilisation=0.97)]
    first, *_ = heads(rows)
    assert first.startswith("note: /here, warm: packed store keeps the accelerator busy with any number of ranks.")
    assert first.endswith("Below it: file per image 50 % with 1 rank.")


def test_where_no_format_feeds_the_accelerator_that_is_the_verdict(row):
    assert heads([row(utilisation=0.89)])[0].startswith("warning: /here, warm: no format keeps the accelerator busy")


def test_the_fastest_is_named_with_how_many_times_it_is_faster(row):
    rows = [row(), row(format="packed", images_per_s=4e3), row(n_ranks=8, more_ranks_than_cores=True)]
    assert any(
        "warm, 1 rank: packed store is the fastest, 4,000 images/s. That is 4.0 times file per image" in head
        for head in heads(rows)
    )


@pytest.mark.parametrize(("memory_bytes", "said"), [(400_000, False), (400_001, True)])
def test_data_below_five_times_the_memory_are_said(row, memory_bytes, said):
    assert any("smaller than 5 times the memory" in head for head in heads([row()], memory_bytes)) is said


def test_unknown_states_and_crowded_cores_are_said(row):
    found = " ".join(heads([row(asked="cold", state="unknown"), row(n_ranks=8, more_ranks_than_cores=True)]))
    assert "The state of some cells is unknown: /here." in found
    assert "More ranks than cores: 8." in found
    assert "/here, cold" not in found


def test_what_nobody_could_measure_is_empty_in_the_csv_file(row):
    (line,) = csv.DictReader(as_csv([row(opens=None)], 0.25, GIGABYTE).decode().splitlines())
    assert (line["opens"], line["device_mb"], line["step_ms"]) == ("", "", "250.0")
    assert line["smaller_than_memory"] == "True"


@pytest.fixture
def results(row, tmp_path):
    plan = Plan((Path("/here"),), (1, 2), 1, Shape(200, 8, 4), 5.0)
    cells = Cells(tmp_path / "out", "storage", plan.settings())
    for place in ("/here", "/<b>there</b>"):
        for name in ("png", "packed", "tfrecord"):
            for n_ranks in (1, 2):
                for asked in ("cold", "warm"):
                    one = row(place=place, format=name, n_ranks=n_ranks, asked=asked)
                    cells.add({axis: one.pop(axis) for axis in AXES}, one)
    return write_results(plan, cells)


def test_there_is_a_csv_file_a_chart_a_place_and_a_page(results):
    names = [path.name for path in results.files]
    assert names == ["storage.csv", "storage-0-here.png", "storage-1-b-there-b.png", "storage.html"]
    assert [path.read_bytes()[:4] for path in results.files[1:3]] == [b"\x89PNG"] * 2
    assert len(results.files[0].read_text().splitlines()) == 1 + 2 * 3 * 2 * 2


def test_the_page_holds_its_charts_and_escapes_what_it_is_given(results):
    page = results.files[-1].read_text()
    assert page.count('src="data:image/png;base64,') == page.count("<img ") == 2
    assert "<b>there</b>" not in page
    assert "&lt;b&gt;there&lt;/b&gt;" in page
    assert "<script" not in page


def test_a_chart_is_the_same_bytes_for_the_same_cells(results, row, tmp_path):
    from zoo_core.studies.storage.drawing import place_chart

    cells = results.cells[:6]
    assert place_chart(cells, "x") == place_chart(cells, "x")
    slower = [{**cells[0], "images_per_s": [1.0, 1.0, 1.0]}, *cells[1:]]
    assert place_chart(slower, "x") != place_chart(cells, "x")


def test_the_record_is_what_the_page_says(results):
    record = results.record()
    assert record["verdicts"] == [dataclasses.asdict(verdict) for verdict in results.verdicts]
    assert (len(record["cells"]), record["step_ms"]) == (24, 5.0)
