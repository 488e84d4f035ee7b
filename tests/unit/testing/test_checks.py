"""Laws of the kit's classes themselves: no check is left out silently, and an expected failure is strict."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.contract import ConfigError
from zoo_core.testing import DatasetAdapterTests

AUTHORS = """
import pytest
from tests.unit.testing.lying_data import Forgetful, Sound
from zoo_core.testing import DatasetAdapterTests

class TestMine(DatasetAdapterTests):
    expected_failures = {expected}

    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls):
        return {adapter}()

class TestOther(DatasetAdapterTests):
    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls):
        return Sound()
"""


def run_authors_tests(folder: Path, adapter: str, expected: dict[str, str], *options: str) -> tuple[int, str]:
    (folder / "test_mine.py").write_text(AUTHORS.format(adapter=adapter, expected=expected))
    (folder / "pytest.ini").write_text("[pytest]\n")
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", *options, str(folder)],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    return done.returncode, done.stdout


def test_an_expected_failure_is_none_of_the_others(tmp_path: Path) -> None:
    reason = {"test_a_pickled_adapter_reads_the_same": "it forgets"}
    code, said = run_authors_tests(tmp_path, "Forgetful", reason)
    assert code == 0, said
    assert "1 xfailed" in said
    assert "it forgets" in said


def test_an_expected_failure_that_passes_is_a_failure(tmp_path: Path) -> None:
    code, said = run_authors_tests(tmp_path, "Sound", {"test_card_is_complete": "nobody wrote it"})
    assert code == 1
    assert "[XPASS(strict)] nobody wrote it" in said
    assert "1 failed" in said


def test_no_check_collected_is_a_failure(tmp_path: Path) -> None:
    code, _ = run_authors_tests(tmp_path, "Sound", {}, "-k", "nothing_of_that_name")
    assert code == int(pytest.ExitCode.NO_TESTS_COLLECTED)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"__test__": False}, "__test__ = False, with which none is collected"),
        ({"test_card_is_complete": lambda self: None}, "another 'test_card_is_complete'"),
        ({"test_card_is_complete": None}, "another 'test_card_is_complete'"),
        ({"expected_failures": {"test_card": "?"}}, "needs names of checks. Received: 'test_card'"),
        ({"expected_failures": {"test_card_is_complete": ""}}, "none for 'test_card_is_complete'"),
    ],
)
def test_no_check_is_left_out_silently(members: dict[str, object], words: str, fails: Callable[..., str]) -> None:
    assert words in fails(ConfigError, lambda: type("TestMine", (DatasetAdapterTests,), members))


def test_a_subclass_of_an_authors_class_keeps_what_it_expects() -> None:
    expected = {"expected_failures": {"test_card_is_complete": "nobody wrote it"}}
    base = type("TestMine", (DatasetAdapterTests,), expected)
    type("TestMineAgain", (base,), {})
    assert not hasattr(DatasetAdapterTests.test_card_is_complete, "pytestmark")
