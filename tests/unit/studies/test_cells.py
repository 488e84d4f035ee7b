import pytest

from zoo_core.contract import OutputError
from zoo_core.studies.cells import MEASURED, Cells

SETTINGS = {"size_px": 8, "batch": 2}


def never():
    raise AssertionError("measured again")


def test_what_is_measured_is_not_measured_again(tmp_path):
    Cells(tmp_path / "out", "storage", SETTINGS).add({"n_ranks": 2, "run": 0}, {"speed": 3.5})
    again = Cells(tmp_path / "out", "storage", SETTINGS)
    assert again.known({"run": 0, "n_ranks": 2}, never) == {"speed": 3.5}
    assert {"n_ranks": 2, "run": 1} not in again


def test_rows_are_those_that_have_a_place_on_an_axis(tmp_path):
    cells = Cells(tmp_path, "storage", SETTINGS)
    cells.known({"step": "a-net"}, lambda: {"step_s": 1.0})
    cells.add({"place": "here", "run": 0}, {"speed": 3.5})
    assert cells.rows("place") == [{"place": "here", "run": 0, "speed": 3.5}]


def test_a_line_that_a_kill_cut_short_is_measured_again_and_spoils_no_other(tmp_path):
    cells = Cells(tmp_path, "storage", SETTINGS)
    for run in range(2):
        cells.add({"run": run}, {"speed": run})
    path = tmp_path / MEASURED
    path.write_bytes(path.read_bytes()[:-7])
    Cells(tmp_path, "storage", SETTINGS).add({"run": 2}, {"speed": 2})
    left = Cells(tmp_path, "storage", SETTINGS)
    assert [{"run": run} in left for run in range(3)] == [True, False, True]


@pytest.mark.parametrize(
    ("study", "settings", "words"),
    [
        ("storage", {"size_px": 9, "batch": 2}, "other settings: size_px 8 there, 9 now:"),
        ("storage", {**SETTINGS, "new": 1}, "new None there, 1 now"),
        ("scaling", SETTINGS, "holds study 'storage'"),
    ],
)
def test_another_study_in_the_folder_is_named(tmp_path, study, settings, words):
    Cells(tmp_path, "storage", SETTINGS)
    with pytest.raises(OutputError, match=words):
        Cells(tmp_path, study, settings)


def test_a_folder_of_something_else_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(OutputError, match="holds something else"):
        Cells(tmp_path, "storage", SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can be made and written"):
        Cells(tmp_path / "file" / "out", "storage", SETTINGS)
