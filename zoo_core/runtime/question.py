"""A data set that a trained model is asked about: chosen by settings, checked, and parted; needs no TensorFlow."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from zoo_core import plugins
from zoo_core.contract import ConfigError, DatasetAdapter
from zoo_core.data.classes import with_class_columns
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.splits import ALL, PARTS, choose_group_column, undivided
from zoo_core.runtime.config import Choice, ReportConfig, RunConfig, SplitConfig, TopologyChoice
from zoo_core.runtime.prepare import Prepared, make_split, refuse_misfit, with_whole_groups
from zoo_core.runtime.second_truth import read_second_truth
from zoo_core.runtime.settings import Settings, over_data_preset, plugin_choice, refuse_unknown, validated
from zoo_core.runtime.trained_model import TrainedModel


@dataclass(frozen=True)
class Subject:
    """The examples that a model is asked about.

    Attributes:
        data: the data set.
        split: how its examples are parted.
        report: whether images may be shown.
        part: "train", "validation" or "test" of that split; "all" for every example, and then there is no split.
    """

    data: Choice
    split: SplitConfig = field(default_factory=SplitConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    part: str = "test"

    def __post_init__(self) -> None:
        if self.part == ALL and (self.split.name or self.split.lists):
            raise ConfigError(
                f"--part {ALL} takes every example and no split. Received: split.name '{self.split.name}': "
                f"leave it out, or choose one of its parts, {', '.join(PARTS)}"
            )


def choose_data(layers: Iterable[Settings]) -> tuple[Choice, SplitConfig, ReportConfig]:
    """Lay settings of a data set, of its split and of the report over the data set's default preset.

    Args:
        layers: settings, the later ones win; one of them names the data set.
    Raises:
        ConfigError: an unknown section or key, or a value that does not fit.
        PluginError: the data set cannot be loaded.
    """
    settings = over_data_preset(layers, ("data", "split", "report"))
    report = settings.get("report", {})
    refuse_unknown(report, ["thumbnails"], "report.")  # a licence is the model's
    return (
        plugin_choice("data", settings["data"]),
        validated(SplitConfig, settings.get("split", {}), "split"),
        validated(ReportConfig, report, "report"),
    )


def prepare_for(model: TrainedModel, subject: Subject) -> Prepared:
    """Make the data set, see that it fits the model's task, and part its examples.

    Raises:
        DataError: the data set is not what its adapter reads, or not what the task needs.
        SplitError: a group straddles parts, or a part is empty.
        ConfigError: a split that is not offered.
        PluginError: the data set does not load.
    """
    config = config_for(model, subject)
    adapter: DatasetAdapter = plugins.create("dataset", config.data.name, config.data.options)
    refuse_misfit(config, adapter, model.task)
    own_index = adapter.index()
    index = with_class_columns(own_index, adapter.labels)
    if subject.part == ALL:
        group_column = choose_group_column(adapter.group_columns, config.split.group_by)
        split = undivided(with_whole_groups(adapter, index, group_column), group_column)
    else:
        split = make_split(adapter, index, config.split, needed=(subject.part,))
    second_truth = read_second_truth(adapter, model.task, index)
    return Prepared(
        config, adapter, model.task, index, split, model.fitted, fingerprint(own_index), second_truth=second_truth
    )


def config_for(model: TrainedModel, subject: Subject) -> RunConfig:
    """The model's own configuration, with these data in the place of those it was trained on."""
    # Of topology and precision only what they were is kept: their plugins are not needed, the network is in its file.
    stored = {section: dict(model.description[section]) for section in ("topology", "precision")}
    names = {section: values.pop("name") for section, values in stored.items()}
    weights = stored["topology"].pop("weights", TopologyChoice.weights)
    return RunConfig(
        task=model.choice,
        data=subject.data,
        topology=TopologyChoice(names["topology"], stored["topology"], weights),
        precision=Choice(names["precision"], stored["precision"]),
        split=subject.split,
        report=subject.report,
    )
