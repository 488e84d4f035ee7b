"""The README's picture of a report."""

from collections.abc import Callable
from pathlib import Path

import pytest

import report_figure

WriteProgram = Callable[[Path, str], Path]

DRAWS = 'for word in "$@"; do case "$word" in --screenshot=*) echo "$@" > "${word#--screenshot=}";; esac; done'
"""A browser whose picture holds its arguments."""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text("<h1>A report</h1>")
    return path


@pytest.fixture
def install(only_path: Path, write_program: WriteProgram) -> Callable[[str], Path]:
    """Makes a browser of a script, the only program there is."""
    return lambda script: write_program(only_path / "chromium", script)


def test_the_top_of_the_page_is_drawn(
    install: Callable[[str], Path], page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(DRAWS)
    figure = tmp_path / "images" / "report.png"
    assert report_figure.main([str(page), "--out", str(figure), "--height", "700"]) == 0
    drawn = figure.read_text()
    assert f"--window-size={report_figure.WIDTH_PX},700" in drawn
    assert page.as_uri() in drawn
    assert capsys.readouterr().out == f"{figure}\n"


@pytest.mark.parametrize(
    ("script", "said"), [(DRAWS, "there is no page"), ("echo no display >&2", "drew nothing: no display")]
)
def test_what_goes_wrong_is_one_line_and_leaves_no_figure(
    install: Callable[[str], Path], page: Path, capsys: pytest.CaptureFixture[str], script: str, said: str
) -> None:
    install(script)
    if script == DRAWS:
        page.unlink()
    figure = page.with_name("figure.png")
    assert report_figure.main([str(page), "--out", str(figure)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not figure.exists()


def test_without_a_browser_its_package_is_named(
    only_path: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_figure.main([str(page), "--out", str(page.with_name("figure.png"))]) == 2
    assert "apt-get install chromium" in capsys.readouterr().err
