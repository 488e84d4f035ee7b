"""What an allow-list says, and what it may look like."""

from pathlib import Path
from typing import Any

import pytest

from zoo_core.contract import ConfigError, PluginError
from zoo_core.plugins import AllowList, config_file, find, find_entries, read_allow_list


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, without a file yet."""
    monkeypatch.delenv("ZOO_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def allowing(**versions: str) -> AllowList:
    return AllowList(Path("zoo.toml"), {name.replace("_", "-"): version for name, version in versions.items()})


def test_without_a_file_there_is_no_list() -> None:
    assert config_file() is None
    assert read_allow_list() is None


def test_a_file_without_the_table_is_no_list_and_an_empty_table_allows_nothing(folder: Path) -> None:
    (folder / "zoo.toml").write_text("# nothing yet\n")
    assert read_allow_list() is None
    (folder / "zoo.toml").write_text("[allow]\n")
    assert read_allow_list() == AllowList(Path("zoo.toml"), {})


def test_names_are_compared_as_installers_do(folder: Path) -> None:
    (folder / "zoo.toml").write_text('[allow]\n"Lab.Net_two" = "*"\n')
    found = read_allow_list()
    assert found is not None
    assert found.objection("lab_net-Two", "1.0") is None


def test_the_variable_names_the_file_and_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "zoo.toml").write_text('[allow]\nhere = "*"\n')
    (folder / "other.toml").write_text('[allow]\nthere = "*"\n')
    monkeypatch.setenv("ZOO_CONFIG", str(folder / "other.toml"))
    assert read_allow_list() == AllowList(folder / "other.toml", {"there": "*"})
    monkeypatch.setenv("ZOO_CONFIG", "")
    assert read_allow_list() == AllowList(Path("zoo.toml"), {"here": "*"})


@pytest.mark.parametrize(
    ("allowed", "version", "is_allowed"),
    [
        ("==1.0", "1.0", True),
        ("==1.0", "1.0.0", True),
        ("==1.0", "1.0.1", False),
        (">=1.0,<2", "1.9", True),
        (">=1.0,<2", "2.0", False),
        (">=1.0", "1.1.dev2", False),
        (">=1.1.dev1", "1.1.dev2", True),
        ("*", "1.1.dev2", True),
        ("*", "no version", True),
        (">=1.0", "no version", False),
    ],
)
def test_a_version_is_allowed_as_its_specifier_says(allowed: str, version: str, is_allowed: bool) -> None:
    assert (allowing(lab=allowed).objection("lab", version) is None) is is_allowed


def test_the_core_is_always_allowed() -> None:
    assert allowing().objection("zoo-core", "0.1.0") is None


def test_an_objection_names_the_file_and_the_line_that_would_allow_it() -> None:
    assert allowing().objection("Lab_Net", "1.0") == (
        "is not allowed by 'zoo.toml': add lab-net = \"==1.0\" to its table [allow] to allow it"
    )
    assert allowing(lab="<1").objection("lab", "1.0") == (
        "is not allowed by 'zoo.toml', which allows lab <1: lab = \"==1.0\" would allow this version"
    )
    assert 'add lab = "*"' in (allowing().objection("lab", "no version") or "")


def test_the_digest_tells_what_is_allowed_and_nothing_else() -> None:
    one, same = allowing(a="*", b="==1"), AllowList(Path("elsewhere"), {"b": "==1", "a": "*"})
    assert one.digest == same.digest != allowing(a="*", b="==2").digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[allow", "needs to be TOML. Received: 'zoo.toml' ("),
        ("\xff", "needs to be TOML. Received: 'zoo.toml' ("),
        ('[alow]\nlab = "*"\n', "There is no key 'alow' in 'zoo.toml': did you mean 'allow'?"),
        ("trainer = 1\n", "There is no key 'trainer' in 'zoo.toml': known here: allow"),
        ("allow = 3\n", "[allow] in 'zoo.toml' needs to be a table of versions by distribution. Received: 3"),
        ('[allow]\nlab = "1.0"\n', "'lab', such as '==1.0' or '>=1.0,<2', or '*' for every version. Received: '1.0'"),
        ("[allow]\nlab = 1.0\n", "Received: 1.0"),
        ('[allow]\nlab = ""\n', "Received: ''"),
        ('[allow]\nlab = ">>1"\n', "Received: '>>1'"),
        ('[allow]\nzoo_core = "*"\n', "names zoo_core, which is always allowed: take that line out"),
        ('[allow]\na-b = "*"\na_b = "*"\n', "needs each distribution once. Received: 'a_b', a second line for a-b"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(folder: Path, text: str, said: str) -> None:
    (folder / "zoo.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        read_allow_list()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_named_and_not_there_is_no_absent_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CONFIG", "nowhere.toml")
    with pytest.raises(ConfigError, match=r"ZOO_CONFIG needs .* Received: 'nowhere\.toml' \(No such file"):
        read_allow_list()


def test_a_file_that_cannot_be_read_is_no_absent_list(folder: Path) -> None:
    (folder / "zoo.toml").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"'zoo\.toml' needs to be a file that can be read"):
        read_allow_list()
    (folder / "zoo.toml").unlink()
    (folder / "zoo.toml").mkdir()
    with pytest.raises(ConfigError, match="Is a directory"):
        read_allow_list()


def test_what_is_not_listed_is_found_not_allowed_and_is_not_loaded(site: Any, folder: Path) -> None:
    site.install_topology("lab-a", "a", "raise RuntimeError('imported')")
    site.install_topology("lab-b", "b", "raise RuntimeError('imported')")
    (folder / "zoo.toml").write_text('[allow]\nlab-a = "==1.0"\nlab-b = ">1.0"\n')
    health = {entry.name: entry.health for entry in find_entries() if entry.distribution.startswith("lab-")}
    assert health == {"a": "not tried", "b": "not allowed"}
    with pytest.raises(PluginError, match=r"^Topology 'b' of lab-b 1\.0 is not allowed by 'zoo\.toml', which allows"):
        find("topology", "b")


def test_what_is_not_allowed_takes_no_name_from_what_is(site: Any, folder: Path) -> None:
    site.install_topology("lab-a", "tiny")
    site.install_topology("lab-b", "tiny")
    (folder / "zoo.toml").write_text('[allow]\nlab-a = "*"\n')
    assert find("topology", "tiny").distribution == "lab-a"
    (folder / "zoo.toml").write_text('[allow]\nlab-a = "*"\nlab-b = "*"\n')
    with pytest.raises(PluginError, match="bears a name that is taken"):
        find("topology", "tiny")


def test_what_is_not_allowed_has_no_second_reason(site: Any, folder: Path) -> None:
    site.install("lab", {"zoo.tasks.v2:next": "lab:plugin"})
    (folder / "zoo.toml").write_text("[allow]\n")
    (entry,) = (entry for entry in find_entries() if entry.distribution == "lab")
    assert entry.health == "not allowed"
    assert "contract" not in (entry.reason or "")
