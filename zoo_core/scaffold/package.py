"""Writes a new package: one kind's module and test of the template, renamed, and what is around them."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from zoo_core.runtime.record import refuse_existing
from zoo_core.runtime.whole_folder import whole_folder
from zoo_core.scaffold.names import Names, names_of, refuse_hiding
from zoo_core.scaffold.project import project_of, summary_of
from zoo_core.scaffold.readme import readme_of

SHIPPED = Path(__file__).with_name("template")
"""Where a wheel has the template; in a working copy it is a distribution beside the core."""

DEVELOPED = Path(__file__).parents[2] / "plugins" / "zoo-template"


def create_package(name: str, kind: str, folder: Path) -> Names:
    """Write a package with one plugin, whole or not at all.

    Args:
        name: of the distribution.
        kind: of plugin: task, dataset, topology or precision.
        folder: that there will be; nothing yet.
    Returns:
        What things are called in it.
    Raises:
        ConfigError: it cannot have this name.
        OutputError: there is something at `folder`, or it cannot be written there.
    """
    names = names_of(name)
    refuse_existing(folder)
    files = dict(_files(names, kind))
    with whole_folder(folder) as hidden:
        for path, text in files.items():
            (hidden / path).parent.mkdir(parents=True, exist_ok=True)
            (hidden / path).write_text(text)
    return names


def _files(names: Names, kind: str) -> Iterator[tuple[str, str]]:
    """Paths in the new package, and what stands there."""
    template = SHIPPED if SHIPPED.is_dir() else DEVELOPED
    source = (template / "src" / "zoo_template" / f"{kind}.py").read_text()
    refuse_hiding(names, source)
    settings = tomllib.loads((template / "pyproject.toml").read_text())
    yield "pyproject.toml", project_of(settings, names, kind, source)
    yield "README.md", readme_of(names, kind)
    yield ".gitignore", (template / ".gitignore").read_text()
    yield f"src/{names.package}/__init__.py", f'"""{summary_of(names, kind)}"""\n'
    yield f"src/{names.package}/py.typed", ""
    yield f"src/{names.package}/{kind}.py", _renamed(source, names, kind)
    yield f"tests/test_{kind}.py", _renamed((template / "tests" / f"test_{kind}.py").read_text(), names, kind)


def _renamed(text: str, names: Names, kind: str) -> str:
    """Names of the template, as whole words, replaced by those of the package."""
    class_name = f"Template{kind.capitalize()}"
    words = {
        "zoo-template": names.distribution,
        "zoo_template": names.package,
        f"template-{kind}": names.plugin,
        class_name: names.class_name,
        f"{class_name}Config": f"{names.class_name}Config",
        f"Test{class_name}": f"Test{names.class_name}",
    }
    return re.sub(rf"(?<![\w-])({'|'.join(words)})(?![\w-])", lambda found: words[found[0]], text)
