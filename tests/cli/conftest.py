"""The command line as a user meets it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from zoo_core.cli import main


@dataclass(frozen=True)
class Answer:
    """What a call gave back."""

    code: int
    out: str
    err: str


@pytest.fixture
def zoo(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Call the command line in this process."""

    def call(*arguments: str) -> Answer:
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return call
