"""Pages of studies: the frame and the style of the reports, and charts inside the page."""

import base64
from collections.abc import Mapping
from typing import Any

from jinja2 import ChoiceLoader, PackageLoader

from zoo_core.report.page import templates


def render(template: str, view: Mapping[str, Any]) -> str:
    """A page as HTML, everything that it is given escaped.

    Args:
        template: file name in `zoo_core/studies/templates`.
        view: what the template names.
    """
    environment = templates()
    reports = environment.loader
    own = PackageLoader("zoo_core.studies")
    environment.loader = ChoiceLoader([own, *([reports] if reports else [])])
    return environment.get_template(template).render({"stamps": (), "drawn": False, "of_drawn": "", **view})


def inlined(png: bytes) -> str:
    """A picture as an address that holds it: a page fetches nothing."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
