import dataclasses
import tomllib

import pytest

from zoo_core.contract import ConfigError, PluginError
from zoo_core.runtime import settings
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.settings import as_settings, as_toml, configure, merged, parse_setting, read_toml, run_config


def chexnet(*layers, preset="default"):
    return configure("chexnet", preset, layers)


def test_later_layers_win_over_earlier_ones_and_these_over_presets_and_these_over_defaults():
    assert chexnet(preset="paper").trainer.n_epochs == 20
    assert chexnet({"trainer": {"n_epochs": 5}}, preset="paper").trainer.n_epochs == 5
    layers = ({"trainer": {"n_epochs": 5}}, {"trainer": {"n_epochs": 6, "n_readers": 1}})
    trainer = chexnet(*layers, preset="paper").trainer
    assert (trainer.n_epochs, trainer.n_readers, trainer.global_batch_size) == (6, 1, 16)


def test_paper_preset_is_the_papers():
    config = chexnet(preset="paper")
    assert (config.topology.name, config.topology.weights) == ("densenet121", "imagenet")
    assert config.task.options.image_size_px == 224
    trainer = config.trainer
    assert (trainer.optimizer, trainer.learning_rate, trainer.global_batch_size) == ("adam", 1e-3, 16)
    assert (trainer.schedule, trainer.plateau_factor) == ("plateau", 0.1)


def test_preset_of_the_data_set_touches_its_own_section():
    assert chexnet(preset="smoke").data.options.n_patients < chexnet().data.options.n_patients


@pytest.mark.parametrize("preset", ["smoke", "default", "paper"])
def test_shown_configuration_makes_the_same_run_again(preset):
    config = chexnet({"launch": {"n_ranks": 2}}, {"data": {"seed": 3}}, preset=preset)
    assert run_config(tomllib.loads(as_toml(config))) == config
    assert configure("chexnet", "default", [as_settings(config)]) == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trainer.n_epoch=3", r"no configuration key 'trainer.n_epoch': did you mean 'trainer.n_epochs'?"),
        ("trainr.n_epochs=3", "no configuration key 'trainr': did you mean 'trainer'?"),
        ("task.image_size=3", "did you mean 'task.image_size_px'?"),
        ("data.n_patient=3", "did you mean 'data.n_patients'?"),
        ("topology.weight=imagenet", "did you mean 'topology.weights'?"),
        ("trainer.n_epochs=many", "'trainer.n_epochs': .*integer.* Received: 'many'"),
        ("trainer.optimizer=adamm", "'trainer.optimizer': .*'adam'.* Received: 'adamm'"),
        ("trainer.n_epochs=0", "trainer.n_epochs needs a number above 0"),
        ("trainer.weight_decay=0.1", "needs trainer.optimizer=adamw"),
        ("trainer=3", "'trainer' needs a section"),
        ("trainer.global_batch_size=1", "one example a rank, 2 in all"),
        ("report.licence=0.5", "'report.licence': .*string.* Received: 0.5"),
        ('report.licence="a\\nb"', "report.licence needs one line"),
        ("report.thumbnail=true", "did you mean 'report.thumbnails'?"),
        ("launch.n_threads=-1", "launch.n_threads needs a number above 0, or 0"),
        ("launch.n_streams=0", "launch.n_streams needs a number above 0"),
        ("seed=-1", "seed needs a number from 0"),
        ("split.test=1.5", "split.validation and split.test"),
        ("task.label_names=['Scurvy']", "Received: 'Scurvy'"),
        ("data.name=7", "'data.name' needs the name of a plugin"),
        ("n_epochs", "--set needs key=value"),
        ("=3", "--set needs key=value"),
    ],
)
def test_setting_that_cannot_be_used_is_named(text, words):
    with pytest.raises(ConfigError, match=words) as caught:
        chexnet({"launch": {"n_ranks": 2}}, parse_setting(text))
    assert "\n" not in str(caught.value)


def test_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"default, paper, smoke.*did you mean 'paper'.*Received: 'papers'"):
        chexnet(preset="papers")


@pytest.mark.parametrize(("section", "kind"), settings.PLUGIN_SECTIONS.items())
def test_unknown_plugin_is_refused_by_kind(section, kind):
    if section == "task":
        with pytest.raises(PluginError, match="no task 'nonesuch'"):
            configure("nonesuch", "default", [])
    else:
        with pytest.raises(PluginError, match=f"no {kind} 'nonesuch'"):
            chexnet({section: {"name": "nonesuch"}})


def test_toml_file_of_another_task_is_refused():
    with pytest.raises(ConfigError, match=r"task.name"):
        chexnet({"task": {"name": "another"}})


def test_value_is_read_as_toml_and_else_as_a_word():
    assert parse_setting("a.b=[1, 2]") == {"a": {"b": [1, 2]}}
    assert parse_setting("a=true") == {"a": True}
    assert parse_setting("data.root=/some/where") == {"data": {"root": "/some/where"}}
    assert parse_setting("a=x=y") == {"a": "x=y"}


def test_file_that_is_no_toml_is_refused(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("trainer: n_epochs")
    with pytest.raises(ConfigError, match="--config needs a TOML file"):
        read_toml(path)
    with pytest.raises(ConfigError, match="No such file"):
        read_toml(tmp_path / "absent.toml")


def test_merging_changes_neither_side():
    below, above = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merged(below, above) == {"a": {"b": 1, "c": 2}}
    assert (below, above) == ({"a": {"b": 1}}, {"a": {"c": 2}})


def test_configuration_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        chexnet().trainer.n_epochs = 1


@pytest.mark.parametrize(("flags", "precision"), [(("avx2",), "float32"), (("avx2", "amx_bf16"), "bfloat16")])
def test_bfloat16_is_the_default_where_the_cpu_has_instructions_for_it(monkeypatch, flags, precision):
    machine = dataclasses.replace(describe_machine(), flags=flags)
    monkeypatch.setattr(settings, "describe_machine", lambda: machine)
    assert chexnet().precision.name == precision
    assert chexnet({"precision": {"name": "float32"}}).precision.name == "float32"
