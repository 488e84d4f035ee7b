"""One plugin is loaded, or one line says why not."""

import sys
from typing import Any

import pytest

from zoo_core.contract import ConfigError, PluginError
from zoo_core.plugins import create, find, load


def test_the_plugin_asked_for_is_loaded_and_no_other(site: Any) -> None:
    site.install_topology("lab-net", "tiny")
    site.install_topology("lab-other", "other", "raise RuntimeError('imported')")
    plugin = load("topology", "tiny")
    assert plugin.summary == "A net of one layer."
    assert create("topology", "tiny", plugin.config(width=3)).build((2, 3, 5)) == (3, (2, 3, 5))
    assert "lab_other" not in sys.modules


def test_an_unknown_name_is_answered_with_the_nearest_and_all_there_are(site: Any) -> None:
    site.install_topology("lab-net", "tiny")
    with pytest.raises(PluginError, match=r"There is no topology 'tinny': did you mean 'tiny'\? Installed: .*resnet50"):
        load("topology", "tinny")


def test_a_name_of_another_kind_is_said_to_be_one(site: Any) -> None:
    site.install_topology("lab-net", "tiny")
    with pytest.raises(PluginError, match="There is no precision 'tiny', but a topology of that name"):
        load("precision", "tiny")


def test_where_a_kind_has_no_plugin_its_group_is_named(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(site.folder)])
    with pytest.raises(PluginError, match=r"There is no task 'x', and no other: .*'zoo\.tasks\.v1'"):
        load("task", "x")


def test_a_name_that_is_taken_twice_is_not_loaded(site: Any) -> None:
    site.install_topology("lab-a", "tiny", "raise RuntimeError('imported')")
    site.install_topology("lab-b", "tiny", "raise RuntimeError('imported')")
    with pytest.raises(PluginError, match=r"lab-a 1\.0 .*lab-b 1\.0"):
        load("topology", "tiny")
    assert {"lab_a", "lab_b"}.isdisjoint(sys.modules)


def test_a_plugin_for_another_contract_version_is_not_imported(site: Any) -> None:
    site.install("lab", {"zoo.topologies.v2:tiny": "lab:plugin"}, lab="raise RuntimeError('imported')")
    with pytest.raises(PluginError, match="is written for contract v2"):
        load("topology", "tiny")
    assert "lab" not in sys.modules


def test_of_two_contract_versions_ours_is_loaded(site: Any) -> None:
    points = {"zoo.topologies.v1:tiny": "lab:plugin", "zoo.topologies.v2:tiny": "lab:next"}
    site.install("lab", points, lab=site.sound_topology)
    assert load("topology", "tiny").summary == "A net of one layer."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("def broken(:", "SyntaxError: "),
        ("assert False, 'not on this machine'", "AssertionError: not on this machine"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("raise OSError('two\\nlines')", "OSError: two lines"),
        ("thing = 1", "AttributeError: "),
    ],
)
def test_a_failing_import_becomes_one_line_with_distribution_entry_point_and_cause(
    site: Any, source: str, said: str
) -> None:
    site.install_topology("lab-net", "tiny", source)
    with pytest.raises(PluginError) as caught:
        load("topology", "tiny")
    text = str(caught.value)
    assert text.startswith("Topology 'tiny' of lab-net 1.0 does not load: importing 'lab_net:plugin' raised ")
    assert said in text
    assert "\n" not in text


def test_a_package_installed_anew_a_moment_ago_is_loaded_anew(site: Any) -> None:
    site.install_topology("lab-net", "tiny")
    load("topology", "tiny")
    site.install("lab-net", {"zoo.topologies.v1:wide": "lab_net:plugin"})
    assert load("topology", "wide").summary == "A net of one layer."
    with pytest.raises(PluginError, match="There is no topology 'tiny'"):
        load("topology", "tiny")


def test_an_entry_is_found_by_metadata_alone(site: Any) -> None:
    site.install_topology("lab-net", "tiny", "raise RuntimeError('imported')")
    assert find("topology", "tiny").distribution == "lab-net"


def test_what_a_plugins_own_create_raises_is_raised_as_it_is(site: Any) -> None:
    source = site.sound_topology.replace(
        "self.config = config", "from zoo_core.contract import ConfigError; raise ConfigError('needs data.root')"
    )
    site.install_topology("lab-net", "tiny", source)
    with pytest.raises(ConfigError, match=r"^needs data\.root$"):
        create("topology", "tiny", load("topology", "tiny").config())


def test_an_object_that_breaks_its_protocol_is_refused_with_the_distribution(site: Any) -> None:
    site.install_topology(
        "lab-net", "tiny", site.sound_topology.replace("def build(self, input_shape)", "def build(self)")
    )
    with pytest.raises(PluginError, match=r"Topology 'tiny' of lab-net 1\.0 makes an object .* takes \(\), wanted"):
        create("topology", "tiny", load("topology", "tiny").config())
