"""A model folder is read as it was written, or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest

from zoo_core.contract import ConfigError, DataError, PluginError
from zoo_core.runtime.contamination import seen_groups
from zoo_core.runtime.metadata import metadata_baselines
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.trained_model import read_model


def change(folder: Path, **values: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_was_learned_comes_back(model_folder: Path, phantom: Prepared) -> None:
    model = read_model(model_folder)
    assert model.choice == phantom.config.task
    assert model.task.labels == phantom.task.labels
    assert model.baselines.metadata["metadata"].labels == metadata_baselines(phantom)["metadata"].labels
    assert model.baselines.metadata["metadata"].columns == ["meta.age", "meta.sex", "meta.view_position"]
    assert model.fitted.keys() == phantom.fitted.keys()
    for name, array in phantom.fitted.items():
        assert model.fitted[name].shape == array.shape
        np.testing.assert_array_equal(model.fitted[name], array)


def test_the_groups_of_training_and_of_choosing_are_kept_and_no_others(model_folder: Path, phantom: Prepared) -> None:
    seen = read_model(model_folder).seen
    assert seen is not None
    own = seen_groups(phantom)
    n_groups = phantom.index.groupby(phantom.split.part)[phantom.split.group_column].nunique()
    assert (len(seen.trained_on), len(seen.chosen_on)) == (n_groups["train"], n_groups["validation"])
    assert (seen.column, seen.namespace) == (own.column, own.namespace) == ("meta.patient_id", "chest-phantom-0")
    assert not seen.trained_on & seen.chosen_on


def test_the_folder_names_no_patient(model_folder: Path, phantom: Prepared) -> None:
    patients = set(phantom.index["meta.patient_id"])
    for path in model_folder.glob("*.json"):
        assert not patients & set(path.read_text().replace('"', " ").split()), path.name


def test_the_folder_of_the_run_is_as_good_as_that_of_its_model(model_folder: Path) -> None:
    assert read_model(model_folder.parent).folder == read_model(model_folder).folder == model_folder


def test_the_network_is_the_one_that_was_written(model_folder: Path, phantom: Prepared) -> None:
    network = read_model(model_folder).load_network()
    assert network.output_shape == (None, len(phantom.task.labels))
    assert network.input_shape == (None, *phantom.task.input_shape(phantom.fitted))


def test_weights_of_another_model_are_refused(model_folder: Path) -> None:
    change(model_folder, hash="0" * 64)
    with pytest.raises(DataError, match=r"model\.keras' needs the weights with hash 000"):
        read_model(model_folder).load_network()


@pytest.mark.parametrize("name", ["model.json", "fitted.safetensors", "groups.json", "metadata_baseline.json"])
def test_a_damaged_file_is_named(model_folder: Path, name: str) -> None:
    (model_folder / name).write_text('{"schema')
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        read_model(model_folder)


def test_a_newer_folder_is_refused(model_folder: Path) -> None:
    change(model_folder, schema_version=99)
    with pytest.raises(DataError, match="schema 99 needs a newer zoo-core"):
        read_model(model_folder)


def test_an_older_folder_knows_neither_groups_nor_baseline(model_folder: Path) -> None:
    for name in ("groups.json", "metadata_baseline.json"):
        (model_folder / name).unlink()
    model = read_model(model_folder)
    assert model.seen is None
    assert model.baselines.metadata["metadata"].labels == {}


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"with a model\.json was wanted"):
        read_model(tmp_path)


def test_a_task_that_no_longer_predicts_the_models_labels_is_refused(model_folder: Path) -> None:
    change(model_folder, labels=[{"name": "Scurvy"}])
    with pytest.raises(DataError, match=r"labels of the model, Scurvy, .* Received: Effusion, Mass, Hernia"):
        read_model(model_folder)


def test_a_task_that_is_gone_or_has_lost_an_option_is_named(model_folder: Path) -> None:
    change(model_folder, task={"name": "chexnett"})
    with pytest.raises(PluginError, match="did you mean 'chexnet'"):
        read_model(model_folder)
    change(model_folder, task={"name": "chexnet", "image_size": 16})
    with pytest.raises(ConfigError, match=r"did you mean 'task\.image_size_px'"):
        read_model(model_folder)


def test_the_topology_the_model_was_made_with_need_not_be_installed(model_folder: Path) -> None:
    change(model_folder, topology={"name": "gone", "weights": "random", "width": 3})
    assert read_model(model_folder).load_network() is not None
