"""Names and sizes: what keeps a file readable by somebody who sees it for the first time."""

import ast
from collections.abc import Iterator
from pathlib import Path

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 45
MEDIAN_FUNCTION_LINES = 9
BANNED_MODULES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
BANNED_CLASS_ENDINGS = ("Manager", "Handler", "Engine")

LONG_FUNCTIONS: dict[str, str] = {}
"""`module:function` that reads better in one piece, with the reason."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def n_body_lines(function: Function) -> int:
    """Lines of a function without its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions_of(path: Path) -> Iterator[Function]:
    tree = ast.parse(path.read_text())
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def test_the_sources_are_found(root: Path, sources: list[Path]) -> None:
    folders = {path.relative_to(root).parts[0] for path in sources}
    assert {"zoo_core", "plugins", "datasets", "tools"} <= folders


def test_no_module_has_a_name_that_says_nothing(root: Path, kept_files: list[Path]) -> None:
    python = [path.relative_to(root) for path in kept_files if path.suffix == ".py"]
    assert [path for path in python if BANNED_MODULES & {*path.parts[:-1], path.stem}] == []


def test_no_class_has_a_name_that_says_nothing(sources: list[Path]) -> None:
    classes = [
        node for path in sources for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
    ]
    assert classes
    assert [node.name for node in classes if node.name.endswith(BANNED_CLASS_ENDINGS)] == []


def test_no_module_is_longer_than_a_reader_can_hold(root: Path, kept_files: list[Path]) -> None:
    n_lines = {
        str(path.relative_to(root)): len(path.read_text().splitlines()) for path in kept_files if path.suffix == ".py"
    }
    assert {path: n for path, n in n_lines.items() if n > MAX_MODULE_LINES} == {}


def test_no_function_is_longer_than_a_screen(root: Path, sources: list[Path]) -> None:
    n_lines = {
        f"{path.relative_to(root)}:{function.name}": n_body_lines(function)
        for path in sources
        for function in functions_of(path)
    }
    assert {name: n for name, n in n_lines.items() if n > MAX_FUNCTION_LINES and name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= {name for name, n in n_lines.items() if n > MAX_FUNCTION_LINES}


def test_the_median_function_is_short(sources: list[Path]) -> None:
    n_lines = sorted(n_body_lines(function) for path in sources for function in functions_of(path))
    assert n_lines[len(n_lines) // 2] <= MEDIAN_FUNCTION_LINES


def test_plugins_and_datasets_hold_no_python_files_of_their_own(root: Path) -> None:
    # A bare `datasets` package on the path would shadow the well-known one of that name.
    assert [*root.glob("plugins/*.py"), *root.glob("datasets/*.py")] == []
