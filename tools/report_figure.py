"""The picture of a report in the README: the top of a page as a browser shows it.

python tools/report_figure.py runs/mine/report.html
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from steps import SetupError

FIGURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "report.png"
WIDTH_PX, HEIGHT_PX = 1280, 1400
"""As wide as a laptop shows it; as high as it takes to see verdicts, headline and the first findings."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--hide-scrollbars")


def draw(page: Path, figure: Path, size_px: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)) -> None:
    """Draw the top of a page.

    Args:
        page: an HTML file.
        figure: the PNG file to be written; its folder is made.
        size_px: width and height.
    Raises:
        SetupError: there is no page or no browser, or the browser draws nothing.
    """
    if not page.is_file():
        raise SetupError(f"there is no page '{page}': name the report.html of a run")
    figure.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "page.png"
        command = [_browser(), *QUIET, *_unboxed(), f"--user-data-dir={folder}/profile"]
        command += [f"--window-size={size_px[0]},{size_px[1]}", f"--screenshot={drawn}", page.resolve().as_uri()]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if not drawn.is_file():
            raise SetupError(f"the browser drew nothing: {' '.join(result.stderr.split())[-300:]}")
        shutil.copyfile(drawn, figure)


def _browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SetupError("there is no browser to draw with: apt-get install chromium")
    return found


def _unboxed() -> list[str]:
    """Chromium does not start as root with its sandbox, as in a container."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def main(arguments: list[str] | None = None) -> int:
    """Draw the figure; a mistake is one line and exit code 2."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("page", type=Path, help="report.html of a run, or the page of a comparison")
    parser.add_argument("--out", type=Path, default=FIGURE, help="a PNG file (%(default)s)")
    parser.add_argument("--height", type=int, default=HEIGHT_PX, help="pixels of the page (%(default)s)")
    given = parser.parse_args(arguments)
    try:
        draw(given.page, given.out, (WIDTH_PX, given.height))
    except SetupError as error:
        print(f"report-figure: {error}", file=sys.stderr)
        return 2
    print(given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
