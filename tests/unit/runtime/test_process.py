import importlib
import os
import subprocess
import sys

import pytest
import tensorflow as tf

from zoo_core.runtime.process import GRAPH_OPTIMIZERS, not_installed, without_announcements


def test_announcements_are_held_back_and_everything_else_is_shown(capfd):
    with without_announcements():
        os.write(2, b"I0000 oneDNN custom operations are on. You may see\na real warning\n")
    assert capfd.readouterr().err == "a real warning\n"


def test_what_was_written_before_an_error_is_shown(capfd):
    def fail() -> None:
        with without_announcements():
            os.write(2, b"libfoo.so: cannot open shared object file\n")
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert "libfoo" in capfd.readouterr().err


def test_a_module_that_is_left_out_can_be_imported_afterwards(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with not_installed("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv


def test_a_module_that_is_there_already_stays():
    with not_installed("json"):
        assert importlib.import_module("json") is sys.modules["json"]


def test_keras_does_without_the_module_that_is_left_out_and_scikit_learn_works_afterwards():
    program = (
        "from zoo_core.contract import Rank\n"
        "from zoo_core.runtime.process import prepare_process\n"
        "prepare_process(Rank())\n"
        "import sys, keras\n"
        "assert 'sklearn' not in sys.modules\n"
        "from sklearn.metrics import roc_auc_score\n"
        "print(roc_auc_score([0, 1], [0.1, 0.9]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1.0\n"


def test_nothing_is_imported_before_the_first_step_that_evaluates_alone():
    program = (
        "import sys\n"
        "from zoo_core.contract import Rank\n"
        "from zoo_core.runtime import reporting, start\n"
        "start.prepare_process(Rank())\n"
        "from zoo_core.runtime import run\n"
        "print({'sklearn', 'scipy.stats'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("name", GRAPH_OPTIMIZERS)
def test_every_rewriting_that_is_left_out_is_one_of_tensorflow(name):
    tf.config.optimizer.set_experimental_options({name: True})
    assert tf.config.optimizer.get_experimental_options()[name]


@pytest.mark.parametrize(("n_threads", "wanted"), [(0, 1), (3, 3)])
def test_tensorflow_has_as_many_threads_as_asked_for_and_else_one_a_core_of_the_share(n_threads, wanted):
    program = f"""
import os
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
from zoo_core.contract import Rank
from zoo_core.runtime.process import prepare_process
prepare_process(Rank(), {n_threads})
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) == wanted
