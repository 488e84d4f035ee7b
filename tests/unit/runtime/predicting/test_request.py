"""What is to be predicted: refused before anything is computed."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.contract import ConfigError, DataError
from zoo_core.runtime.predicting.request import Request
from zoo_core.runtime.trained_model import TrainedModel

Ask = Callable[..., Request]

IMAGE = {
    "name": "image",
    "axes": ["y", "x", "c"],
    "shape": [None, None, 1],
    "dtype": "uint8",
    "value_range": [0, 255],
    "channel_names": [],
}


def trained_on(model: TrainedModel, *specs: object) -> TrainedModel:
    return dataclasses.replace(model, description={**model.description, "specs": list(specs)})


def test_pictures_have_the_channels_that_the_model_was_trained_on(ask_pictures: Ask, model: TrainedModel) -> None:
    request = ask_pictures()
    assert request.prepared.adapter.specs[0].shape[-1] == (model.specs or pytest.fail("no specs"))[0].shape[-1] == 1
    assert (request.part, len(request.rows)) == ("all", 10)


def test_whether_the_model_has_seen_whose_pictures_these_are_is_not_known(ask_pictures: Ask) -> None:
    overlap = ask_pictures().overlap
    assert overlap is not None
    assert (overlap.group, overlap.n_examples) == ("file", None)


@pytest.mark.parametrize("name", ["empty.png", "text.png"])
def test_one_picture_alone_that_cannot_be_read_is_refused(ask_pictures: Ask, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DataError, match=rf"a picture that can be read\. Received: '.*{name}', which is"):
        ask_pictures(tmp_path / name)


@pytest.mark.parametrize(
    "specs",
    [
        [],
        [{**IMAGE, "shape": [None, None, 4]}],
        [{**IMAGE, "axes": ["c", "y", "x"]}],
        [{**IMAGE, "name": "mask"}],
        [IMAGE, {**IMAGE, "name": "mask"}],
    ],
)
def test_a_model_that_was_not_trained_on_pictures_is_refused(
    model: TrainedModel, network: object, pictures: Path, specs: list[object]
) -> None:
    from zoo_core.runtime.predicting.request import request_files

    with pytest.raises(DataError, match=r"1 or 3 channels.*Received: .*--data instead"):
        request_files(trained_on(model, *specs), network, [pictures], 2)  # type: ignore[arg-type]


def test_a_model_that_does_not_say_what_it_was_trained_on_is_refused(
    model: TrainedModel, network: object, pictures: Path
) -> None:
    from zoo_core.runtime.predicting.request import request_files

    description = {key: value for key, value in model.description.items() if key != "specs"}
    older = dataclasses.replace(model, description=description)
    assert older.specs is None
    with pytest.raises(DataError, match="whose older zoo did not write down"):
        request_files(older, network, [pictures], 2)  # type: ignore[arg-type]


def test_of_a_data_set_the_part_of_its_split_is_asked_for(ask_phantom: Ask) -> None:
    test, everything = ask_phantom("test"), ask_phantom("all")
    assert 0 < len(test.rows) < len(everything.rows) == len(everything.prepared.index)


def test_what_the_model_has_seen_is_counted_and_refuses_nothing(ask_phantom: Ask) -> None:
    seen = ask_phantom("train")
    assert seen.overlap is not None
    assert seen.overlap.n_examples_trained_on == len(seen.rows)
    assert ask_phantom("test").overlap is None
    assert ask_phantom("all", seed=1).overlap is None


@pytest.mark.parametrize("section", ["report", "trainer"])
def test_a_setting_that_changes_no_prediction_is_refused(ask_phantom: Ask, section: str) -> None:
    with pytest.raises(ConfigError, match=rf"no configuration key '{section}'"):
        ask_phantom("all", more=[{section: {"thumbnails": True}}])


@pytest.mark.parametrize("other", ["inputs", "part", "batch_size", "seed", "conversion"])
def test_another_question_is_described_otherwise(
    ask_phantom: Ask, ask_pictures: Ask, pictures: Path, network: object, other: str
) -> None:
    first = {"inputs": ask_pictures}.get(other, lambda: ask_phantom("test"))().described()
    if other == "conversion":
        (pictures.parent / "model-brightness" / "conversion.json").write_text("another")
    second = {
        "inputs": lambda: ask_pictures(pictures.rename(pictures.with_name("moved"))),
        "part": lambda: ask_phantom("validation"),
        "batch_size": lambda: ask_phantom("test", batch_size=3),
        "seed": lambda: ask_phantom("test", seed=1),
        "conversion": lambda: ask_phantom("test"),
    }[other]().described()
    assert first != second
    assert {"inputs", "data"} <= first.keys()


def test_a_reader_is_told_of_files_that_were_passed_over(ask_pictures: Ask, pictures: Path) -> None:
    assert ask_pictures().remarks() == []
    (pictures / "notes.txt").touch()
    assert "1 other file" in ask_pictures().remarks()[0]
