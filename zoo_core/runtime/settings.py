"""From layers of settings to one configuration: defaults < preset < TOML file < command line."""

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import TypeAdapter, ValidationError

from zoo_core import plugins
from zoo_core.contract import ConfigError, Plugin, PrecisionBackend
from zoo_core.distributed.slots import n_slots_of, parse_hosts
from zoo_core.runtime.config import (
    Choice,
    LaunchConfig,
    ReportConfig,
    RunConfig,
    SplitConfig,
    StoreConfig,
    TopologyChoice,
    TrainerConfig,
)
from zoo_core.runtime.machine import describe_machine

Settings = dict[str, Any]
"""Values by section and key, as a TOML file holds them."""

Config = TypeVar("Config")

PLUGIN_SECTIONS = {"task": "task", "data": "dataset", "topology": "topology", "precision": "precision"}
"""Section of the configuration to kind of plugin."""

RECORD_SECTIONS: dict[str, type] = {
    "split": SplitConfig,
    "trainer": TrainerConfig,
    "launch": LaunchConfig,
    "store": StoreConfig,
    "report": ReportConfig,
}

DEFAULT_PRESET = "default"


def configure(task: str, preset: str, layers: Iterable[Settings]) -> RunConfig:
    """Lay settings over a preset and check them all.

    Where no layer names a precision it is the one of `default_precision`.

    Args:
        task: name of the task.
        preset: as `given_settings`.
        layers: settings, the later ones win.
    Returns:
        The configuration of a run.
    Raises:
        ConfigError: an unknown preset, section or key, or a value that does not fit; names it, and the nearest known.
        PluginError: a plugin that cannot be loaded.
    """
    return configured(given_settings(task, preset, layers))


def configured(given: Settings) -> RunConfig:
    """Check settings that presets and a user give, and lay them over the defaults.

    Raises:
        ConfigError: an unknown section or key, or a value that does not fit.
        PluginError: a plugin that cannot be loaded.
    """
    if "name" not in _section(given, "precision"):
        given = merged(given, {"precision": {"name": default_precision()}})
    return run_config(merged(given, {"launch": with_every_slot(_section(given, "launch"))}))


def with_every_slot(launch: Settings) -> Settings:
    """Settings of the launch section; where hosts are given and no number of ranks, there is one a slot.

    Raises:
        ConfigError: the hosts are no list of hosts.

    >>> with_every_slot({"hosts": "a:2,b:1"})["n_ranks"]
    3
    """
    hosts = launch.get("hosts")
    if "n_ranks" in launch or not hosts or not isinstance(hosts, str):
        return launch
    return {**launch, "n_ranks": n_slots_of(parse_hosts(hosts))}


def given_settings(task: str, preset: str, layers: Iterable[Settings]) -> Settings:
    """What presets and a user give, and no default: sections and values are not checked yet.

    Args:
        task: name of the task.
        preset: name of a preset of the task or of the data set; their "default" lies below every other.
        layers: settings, the later ones win.
    Raises:
        ConfigError: an unknown preset, a task that is not the one that is run, or no data set.
        PluginError: the task or the data set cannot be loaded.
    """
    user: Settings = {}
    for layer in layers:
        user = merged(user, layer)
    if (named := _section(user, "task").get("name", task)) != task:
        raise ConfigError(f"Configuration key 'task.name' needs the task that is run, '{task}'. Received: {named!r}")
    task_plugin = plugins.load("task", task)
    names = (DEFAULT_PRESET,) if preset == DEFAULT_PRESET else (DEFAULT_PRESET, preset)
    settings: Settings = {"task": {"name": task}}
    for name in names:
        settings = merged(settings, dict(task_plugin.presets.get(name, {})))
    data = _data_plugin(task, merged(settings, user))
    _check_preset(preset, task_plugin, data)
    for name in names:
        settings = merged(settings, {"data": dict(data.presets.get(name, {}))})
    return merged(settings, user)


def run_config(settings: Settings) -> RunConfig:
    """Check complete settings, such as those of a run folder.

    Raises:
        ConfigError: an unknown section or key, or a value that does not fit.
        PluginError: a plugin that cannot be loaded.
    """
    refuse_unknown(settings, [*PLUGIN_SECTIONS, *RECORD_SECTIONS, "seed"], "")
    values: dict[str, Any] = {"seed": _convert(int, settings.get("seed", RunConfig.seed), "seed")}
    for section in PLUGIN_SECTIONS:
        values[section] = plugin_choice(section, _section(settings, section))
    for section, record in RECORD_SECTIONS.items():
        values[section] = validated(record, _section(settings, section), section)
    return RunConfig(**values)


def default_precision() -> str:
    """bfloat16 where this CPU has instructions for it, float32 elsewhere."""
    plugin = plugins.load("precision", "bfloat16")
    backend: PrecisionBackend = plugins.create("precision", "bfloat16", plugin.config())
    return "bfloat16" if set(backend.instructions) & set(describe_machine().flags) else "float32"


def as_settings(config: RunConfig) -> Settings:
    """The settings that make `config` again; what is None is left out, as TOML has no word for it."""
    settings: Settings = {"seed": config.seed}
    for section in PLUGIN_SECTIONS:
        choice = dataclasses.asdict(getattr(config, section))
        options = choice.pop("options")
        settings[section] = _plain({**choice, **options})
    for section in RECORD_SECTIONS:
        settings[section] = _plain(dataclasses.asdict(getattr(config, section)))
    return settings


def as_toml(config: RunConfig) -> str:
    """A TOML file that reruns the same with `zoo run TASK --config FILE`."""
    return tomli_w.dumps(as_settings(config))


def read_toml(path: Path, what: str = "--config") -> Settings:
    """Settings of a TOML file.

    Args:
        path: the file.
        what: needs it, for errors.
    Raises:
        ConfigError: the file is missing or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{what} needs a TOML file that can be read. Received: '{path}' ({error.strerror})"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{what} needs a TOML file. Received: '{path}' ({error})") from error


def parse_setting(text: str) -> Settings:
    """Settings of one `--set key=value`; the value is read as TOML, or else as a word.

    Raises:
        ConfigError: there is no `=`, or no key before it.

    >>> parse_setting("trainer.n_epochs=3")
    {'trainer': {'n_epochs': 3}}
    >>> parse_setting("topology.weights=imagenet")
    {'topology': {'weights': 'imagenet'}}
    """
    key, equals, value = text.partition("=")
    if not equals or not all(key.split(".")):
        raise ConfigError(f"--set needs key=value, such as trainer.n_epochs=3. Received: '{text}'")
    settings: Any = _toml_value(value)
    for part in reversed(key.split(".")):
        settings = {part: settings}
    return dict(settings)


def parse_data(text: str) -> Settings:
    """Settings of `--data NAME[=ROOT]`.

    >>> parse_data("chestxray14=nih")
    {'data': {'name': 'chestxray14', 'root': 'nih'}}
    """
    name, equals, root = text.partition("=")
    return {"data": {"name": name, "root": root} if equals else {"name": name}}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Settings:
    """Lay one set of settings over another, section by section."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def over_data_preset(layers: Iterable[Settings], sections: Iterable[str]) -> Settings:
    """Lay settings of a data set, and of what goes with it, over the data set's default preset.

    Args:
        layers: settings, the later ones win; one of them names the data set.
        sections: that may be given.
    Raises:
        ConfigError: another section.
        PluginError: the data set cannot be loaded.
    """
    user: Settings = {}
    for layer in layers:
        user = merged(user, layer)
    refuse_unknown(user, sections, "")
    preset = plugins.load("dataset", user["data"]["name"]).presets.get(DEFAULT_PRESET, {})
    return merged({"data": dict(preset)}, user)


def plugin_choice(section: str, values: Settings) -> Choice:
    """Make the choice of a plugin of a section's values.

    Args:
        section: of `PLUGIN_SECTIONS`.
        values: the plugin's `name`, and its options by key.
    Raises:
        ConfigError: an unknown key, or a value that does not fit.
        PluginError: a plugin that cannot be loaded.
    """
    own = TopologyChoice if section == "topology" else Choice
    own_keys = [f.name for f in dataclasses.fields(own) if f.name != "options"]
    name = _plugin_name(section, values)
    options = {key: value for key, value in values.items() if key not in own_keys}
    record = plugins.load(PLUGIN_SECTIONS[section], name).config
    fields = [f.name for f in dataclasses.fields(record)]
    refuse_unknown(options, [*own_keys, *fields], f"{section}.")
    choice = {key: _convert(str, values[key], f"{section}.{key}") for key in own_keys if key in values}
    return own(**choice, options=_convert(record, options, section))


def validated(record: type[Config], values: Mapping[str, Any], section: str) -> Config:
    """Make a configuration record of a section's values.

    Args:
        record: a frozen dataclass with a default for every field.
        values: by key.
        section: its name, for errors.
    Raises:
        ConfigError: an unknown key, or a value that does not fit.
    """
    fields = [f.name for f in dataclasses.fields(record)]  # type: ignore[arg-type]
    refuse_unknown(values, fields, f"{section}.")
    return _convert(record, dict(values), section)


def refuse_unknown(values: Mapping[str, Any], known: Iterable[str], prefix: str) -> None:
    """Name the first key that is not known, with the nearest that is.

    Raises:
        ConfigError: there is such a key.
    """
    known = list(known)
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean '{prefix}{near[0]}'?" if near else f"known here: {', '.join(known)}"
            raise ConfigError(f"There is no configuration key '{prefix}{key}': {hint}")


def _section(settings: Settings, section: str) -> Settings:
    values = settings.get(section, {})
    if not isinstance(values, dict):
        raise ConfigError(f"Configuration key '{section}' needs a section of keys. Received: {values!r}")
    return values


def _convert(record: type[Config], values: Any, section: str) -> Config:
    try:
        return TypeAdapter(record).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        raised = first.get("ctx", {}).get("error")
        if isinstance(raised, ConfigError):
            raise raised from None
        key = ".".join([section, *(str(part) for part in first["loc"])])
        reason = str(raised) if raised else first["msg"]
        raise ConfigError(f"Configuration key '{key}': {reason}. Received: {first['input']!r}") from error


def _data_plugin(task: str, settings: Settings) -> Plugin:
    data = _section(settings, "data")
    if "name" not in data:
        raise ConfigError(f"Task '{task}' needs a data set: choose one of 'zoo list' with --data NAME")
    return plugins.load("dataset", _plugin_name("data", data))


def _plugin_name(section: str, values: Settings) -> str:
    name = values.get("name")
    if not isinstance(name, str):
        raise ConfigError(f"Configuration key '{section}.name' needs the name of a plugin. Received: {name!r}")
    return name


def _check_preset(preset: str, *owners: Plugin) -> None:
    known = sorted({DEFAULT_PRESET, *(name for owner in owners for name in owner.presets)})
    if preset not in known:
        near = difflib.get_close_matches(preset, known, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ConfigError(f"--preset needs one of: {', '.join(known)}. {hint}Received: '{preset}'")


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
