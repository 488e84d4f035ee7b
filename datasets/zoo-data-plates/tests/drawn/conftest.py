"""What the tests of drawn plates share."""

from collections.abc import Callable

import pytest


@pytest.fixture
def fails() -> Callable[..., str]:
    """Runs something that must fail with this error, and returns its one line."""

    def run(kind: type[Exception], function: Callable[[], object]) -> str:
        with pytest.raises(kind) as caught:
            function()
        text = str(caught.value)
        assert "\n" not in text
        return text

    return run
