"""A hook of MkDocs: puts what `zoo` itself prints where a page asks for it, so that the page cannot be out of date.

A line `{{ zoo run --help }}` becomes the command and its output.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

_ASKED = re.compile(r"^\{\{ zoo (.+) \}\}$", re.MULTILINE)
_WIDTH = "100"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """MkDocs calls this with the text of each page."""
    return _ASKED.sub(lambda found: _shown(found[1]), markdown)


def _shown(arguments: str) -> str:
    from click.testing import CliRunner
    from mkdocs.exceptions import PluginError

    from zoo_core.cli.verbs import zoo

    result = CliRunner(env={"COLUMNS": _WIDTH}).invoke(zoo, shlex.split(arguments), prog_name="zoo")
    if result.exit_code:
        raise PluginError(f"A page asks for 'zoo {arguments}', which fails: {result.output or result.exception!r}")
    return f"```text\n$ zoo {arguments}\n{result.output.rstrip()}\n```"
