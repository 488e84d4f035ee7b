"""`zoo info` loads one plugin and says all there is to know of it."""

import json
from typing import Any

import pytest

from zoo_core.cli.info import as_text

DATASET = '''
from dataclasses import dataclass
from zoo_core.contract import ArraySpec, ConfigError, DatasetCard, Label, Plugin

@dataclass(frozen=True)
class Config:
    """What can be set.

    Attributes:
        root: folder of the images.
        n_images: how many.
        names: of them.
        crop: or none.
    """

    root: str = "ROOT"
    n_images: int = 3
    names: tuple[str, ...] = ("a", "b")
    crop: bool = False
    view: str | None = None

class Data:
    specs = (ArraySpec("image", ("y", "x", "c"), (2, 3, 1), "uint8", (0, 255)),)
    labels = (Label("Effusion"), Label("Mass"))
    group_columns = ("meta.patient_id",)
    split_name = None

    def __init__(self, config):
        if not config.root:
            raise ConfigError("data.root needs a folder: --data lab=ROOT")

    @property
    def card(self):
        return DatasetCard("Lab data", "Few.", "CC0", "Lab 2024", "a radiologist", drawn=True)

    def index(self): ...
    def read(self, i): ...

plugin = Plugin(Config, Data, "A lab's images.", presets={"smoke": {"n_images": 1, "crop": True}})
'''


def install(site: Any, kind: str = "datasets", source: str = DATASET, distribution: str = "lab") -> None:
    site.install(distribution, {f"zoo.{kind}.v1:x": f"{distribution}:plugin"}, **{distribution: source})


def test_card_options_and_presets_are_shown(zoo: Any, site: Any) -> None:
    install(site)
    lines = zoo("info", "x").out.splitlines()
    assert lines[:2] == ["x: dataset of lab 1.0", "A lab's images."]
    text = "\n".join(" ".join(line.split()) for line in lines)
    for said in (
        "licence CC0",
        "drawn yes",
        "arrays image (y, x, c) uint8",
        "labels Effusion, Mass",
        'data.root str = "ROOT"\nfolder of the images.',
        "data.n_images int = 3\nhow many.",
        'data.names tuple[str, ...] = ["a", "b"]',
        "data.crop bool = false",
        "data.view str | None = unset",
        "smoke data.n_images=1 data.crop=true",
    ):
        assert said in text


def test_the_same_is_there_for_programs(zoo: Any, site: Any) -> None:
    install(site)
    record = json.loads(zoo("info", "x", "--json").out)
    assert (record["kind"], record["name"], record["distribution"], record["version"]) == ("dataset", "x", "lab", "1.0")
    assert record["about"]["title"] == "Lab data"
    assert record["about"]["drawn"] is True
    assert record["options"][1] == {"name": "n_images", "type": "int", "default": 3, "doc": "how many."}
    assert record["presets"] == {"smoke": {"n_images": 1, "crop": True}}
    assert record["needs"] is None


def test_what_a_plugin_needs_before_it_can_show_a_card_is_said(zoo: Any, site: Any) -> None:
    install(site, source=DATASET.replace('root: str = "ROOT"', 'root: str = ""'))
    answer = zoo("info", "x")
    assert answer.code == 0
    assert "data.root needs a folder: --data lab=ROOT" in answer.out
    assert "data.n_images" in answer.out
    assert json.loads(zoo("info", "x", "--json").out)["needs"] == "data.root needs a folder: --data lab=ROOT"


def test_a_preset_of_a_task_reaches_into_every_section() -> None:
    report = {
        "name": "x",
        "kind": "task",
        "distribution": "lab",
        "version": "1.0",
        "summary": "A task.",
        "about": {},
        "needs": None,
        "options": [],
        "presets": {"smoke": {"trainer": {"n_epochs": 1}, "data": {"name": "lab", "n_images": 2}}},
    }
    assert as_text(report).splitlines()[-1] == '  smoke  trainer.n_epochs=1 data.name="lab" data.n_images=2'


def test_a_name_of_two_kinds_asks_which(zoo: Any, site: Any) -> None:
    install(site)
    site.install_topology("lab-net", "x")
    answer = zoo("info", "x")
    assert answer.code == 2
    assert "'x' is the name of a dataset and of a topology: choose one with --kind." in answer.err
    assert zoo("info", "x", "--kind", "topology").out.startswith("x: topology of lab-net 1.0")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tinny"], "There is no plugin 'tinny': did you mean 'tiny'? 'zoo list' names them all"),
        (["tiny", "--kind", "precision"], "There is no precision 'tiny', but a topology of that name"),
        (["tiny", "--kind", "tiger"], "'tiger' is not one of 'task', 'dataset'"),
        ([], "Missing argument 'NAME'"),
    ],
)
def test_a_wrong_name_or_kind_is_one_line(zoo: Any, site: Any, arguments: list[str], said: str) -> None:
    site.install_topology("lab-net", "tiny")
    answer = zoo("info", *arguments)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert said in answer.err


def test_a_plugin_that_does_not_load_is_one_line(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "tiny", "import no_such_library")
    answer = zoo("info", "tiny")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "ModuleNotFoundError" in answer.err


def test_only_the_plugin_asked_for_is_imported(zoo: Any, site: Any) -> None:
    site.install_topology("lab-net", "tiny")
    site.install_topology("lab-other", "other", "raise SystemExit(9)")
    assert zoo("info", "tiny").code == 0


@pytest.mark.parametrize("name", ["chexnet", "densenet121", "float32"])
def test_plugins_of_this_repository_have_an_info(zoo: Any, name: str) -> None:
    answer = zoo("info", name)
    assert answer.code == 0
    assert "About" in answer.out


def test_a_command_says_how_it_is_used(zoo: Any, site: Any) -> None:
    source = (
        "import click\nfrom dataclasses import dataclass\nfrom zoo_core.contract import Plugin\n"
        "@dataclass(frozen=True)\nclass Config:\n    depth: int = 2\n"
        "def create(config):\n    return click.Command('x', help='Looks at wells.')\n"
        "plugin = Plugin(Config, create, 'Plates.')\n"
    )
    install(site, "commands", source)
    assert "Looks at wells." in zoo("info", "x").out
    assert "  depth  int = 2" in zoo("info", "x").out


def test_weights_that_exist_are_shown_with_licence_and_data(zoo: Any) -> None:
    out = zoo("info", "densenet121").out
    assert "weights imagenet" in out
    assert "ImageNet" in out
