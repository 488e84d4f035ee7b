"""What to do next with a new package, and the README that says so."""

from zoo_core.scaffold.names import Names
from zoo_core.scaffold.project import WORDS

RUNS = {
    "task": "zoo run {plugin} --preset smoke",
    "dataset": "zoo run image-labels --data {plugin} --preset smoke",
    "topology": "zoo run chexnet --topology {plugin} --preset smoke",
    "precision": "zoo run chexnet --preset smoke --out runs/one && zoo quantize runs/one --precision {plugin}",
}
"""The shortest run that a kind of plugin takes part in."""

NEEDED = {
    "task": "zoo-data-chestxray14",
    "dataset": "zoo-images",
    "topology": "zoo-radiology and zoo-data-chestxray14",
    "precision": "zoo-radiology and zoo-data-chestxray14",
}
"""Distributions of the zoo that this run needs besides zoo-core."""

README = """# {distribution}

{Kind} `{plugin}` for zoo, as `zoo new-plugin` wrote it. It works, and it is not yet yours:
in `src/{package}/{kind}.py` the words "To change" stand where to start.

```console
{commands}
```

The last command needs {needed}. `ruff format --check`, `ruff check` and `mypy` pass; `python -m build` makes a wheel.
Before you hand it on, choose a licence: `license` in `pyproject.toml`, and a file `LICENSE`.
"""


def next_commands(names: Names, kind: str) -> tuple[str, ...]:
    """In the new folder: install it, run its tests, and see it at work."""
    return (
        'pip install --editable ".[dev]"',
        "pytest",
        f"zoo check {names.plugin}",
        f"zoo info {names.plugin}",
        RUNS[kind].format(plugin=names.plugin),
    )


def readme_of(names: Names, kind: str) -> str:
    """The text of README.md."""
    return README.format(
        distribution=names.distribution,
        Kind=WORDS.get(kind, kind).capitalize(),
        plugin=names.plugin,
        package=names.package,
        kind=kind,
        commands="\n".join(f"$ {command}" for command in next_commands(names, kind)),
        needed=NEEDED[kind],
    )
