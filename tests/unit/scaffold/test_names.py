"""What a new package is called, and which names it cannot have."""

import pytest

from zoo_core.contract import ConfigError
from zoo_core.scaffold.names import LONGEST, Names, names_of, refuse_hiding


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("lab-chests", Names("lab-chests", "lab_chests", "lab-chests", "LabChests")),
        ("zoo-lab-chests", Names("zoo-lab-chests", "zoo_lab_chests", "lab-chests", "LabChests")),
        ("x2", Names("x2", "x2", "x2", "X2")),
        ("zoo-2", Names("zoo-2", "zoo_2", "zoo-2", "Zoo2")),
    ],
)
def test_a_plugin_is_called_as_its_package_without_zoo_before_it(name, names):
    assert names_of(name) == names


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Lab Chests", "lab-chests"),
        ("lab_chests", "lab-chests"),
        ("LabChests", "lab-chests"),
        ("lab--chests-", "lab-chests"),
        ("1lab", "lab"),
        ("../lab", "lab"),
        ("lab\n", "lab"),
        ("l" * (LONGEST + 1), "l" * LONGEST),
        ("", None),
        ("-", None),
        ("läb", "l-b"),
    ],
)
def test_a_name_that_no_distribution_has_is_refused_with_the_nearest(fails, name, nearest):
    line = fails(ConfigError, lambda: names_of(name))
    assert line.startswith("NAME needs to be small letters and digits")
    assert (f", such as '{nearest}'" if nearest else "at most. Received") in line


def test_what_is_offered_instead_can_be_had():
    with pytest.raises(ConfigError, match="such as 'lab-chests'"):
        names_of("Lab.Chests")
    assert names_of("lab-chests")


@pytest.mark.parametrize("name", ["class", "import", "tests", "src"])
def test_a_name_that_python_has_another_use_for_is_refused(fails, name):
    assert f"such as 'zoo-{name}'. Received: '{name}'" in fails(ConfigError, lambda: names_of(name))
    assert names_of(f"zoo-{name}").plugin == name


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("float32", "precision 'float32' of zoo-core"),
        ("zoo-float32", "precision 'float32' of zoo-core"),
        ("zoo-core", "the distribution zoo-core"),
        ("pytest", "the distribution pytest"),
        ("json", "Python has a module 'json'"),
    ],
)
def test_a_name_that_something_has_already_is_refused(fails, name, owner):
    line = fails(ConfigError, lambda: names_of(name))
    assert owner in line
    assert line.endswith(": choose another")


def test_a_name_of_a_module_of_another_distribution_is_refused(fails, site):
    site.install("a-laboratory", {}, lab_chests="raise RuntimeError('imported')")
    assert "a module 'lab_chests' is installed" in fails(ConfigError, lambda: names_of("lab-chests"))


@pytest.mark.parametrize(("name", "hidden"), [("zoo-plugin", "Plugin"), ("zoo-mark", "Mark"), ("my", "MyConfig")])
def test_a_class_that_would_hide_what_the_module_uses_is_refused(fails, name, hidden):
    source = "from contract import Label as Mark, Plugin\nplugin = Plugin(MyConfig)\n"
    assert f"would hide '{hidden}'" in fails(ConfigError, lambda: refuse_hiding(names_of(name), source))
    refuse_hiding(names_of("zoo-label"), source)
