"""What a run leaves of its maps: scores against boxes, and pictures where they may be shown."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo_core.contract import ArraySpec, DataError, DatasetCard, InputScaling, Label
from zoo_core.data.splits import Split
from zoo_core.evaluation.localization import evaluate_localization
from zoo_core.models.activation_maps import ActivationMaps
from zoo_core.models.assembly import build_model
from zoo_core.runtime.config import Choice, ReportConfig, RunConfig, TopologyChoice
from zoo_core.runtime.localization import boxes_of
from zoo_core.runtime.map_reader import N_IMAGES_AT_ONCE, MapReader
from zoo_core.runtime.maps import write_maps
from zoo_core.runtime.prepare import Prepared
from zoo_core.runtime.progress import Silent
from zoo_core.runtime.record import RunFolder

N_PATIENTS, CELL_PX = 24, 4
CELLS = (3, 5)
SIDES = (CELLS[0] * CELL_PX, CELLS[1] * CELL_PX)


def place(i: int) -> tuple[int, int]:
    """The cell (y, x) of the bright square of image i."""
    return i % CELLS[0], i % CELLS[1]


class Lab:
    """Dark images with one bright square each; boxes say where."""

    specs = (ArraySpec("image", ("y", "x", "c"), (*SIDES, 1), "uint8", (0, 255)),)
    labels = (Label("Bright"), Label("Dark"))
    group_columns = ("meta.patient_id",)
    split_name = None

    def __init__(self, drawn: bool = True) -> None:
        self.card = DatasetCard("Lab", "", "", "", "", drawn=drawn)
        self.reads: list[int] = []

    def index(self) -> pd.DataFrame:
        number = np.arange(2 * N_PATIENTS)
        columns = {"label.Bright": number % 2, "label.Dark": 0, "meta.patient_id": number // 2}
        return pd.DataFrame({"example_id": [f"e{i}" for i in number], **columns})

    def read(self, i: int) -> dict[str, np.ndarray]:
        self.reads.append(i)
        image = np.full((*SIDES, 1), 20, np.uint8)
        row, column = place(i)
        image[row * CELL_PX : (row + 1) * CELL_PX, column * CELL_PX : (column + 1) * CELL_PX] = 250
        return {"image": image}


class BoxedLab(Lab):
    """With a box around each square, for both labels, and boxes that are not this task's or split's."""

    def boxes(self) -> pd.DataFrame:
        rows = [
            (f"e{i}", label, place(i)[1] / CELLS[1], place(i)[0] / CELLS[0], 1 / CELLS[1], 1 / CELLS[0])
            for i in range(2 * N_PATIENTS)
            for label in ("Bright", "Dark", "Hernia")
        ]
        return pd.DataFrame(
            [*rows, ("elsewhere", "Bright", 0.0, 0.0, 1.0, 1.0)],
            columns=["example_id", "label", "x_min", "y_min", "width", "height"],
        )


class LabWith(Lab):
    """With these boxes."""

    def __init__(self, table: pd.DataFrame, drawn: bool = True) -> None:
        super().__init__(drawn)
        self.table = table

    def boxes(self) -> pd.DataFrame:
        return self.table


class BrightAndDark:
    """A task whose one output rises with brightness, and whose other falls."""

    labels = (Label("Bright"), Label("Dark"))

    def select(self, labels):
        return tuple(label.name for label in labels)

    def input_shape(self, fitted):
        return (*SIDES, 1)

    def preprocess(self, example, fitted):
        return example.arrays["image"].astype(np.float32) / 255

    def head(self, features):
        pooled = keras.layers.GlobalAveragePooling2D()(features)
        weights = keras.initializers.Constant(np.array([[1.0, -1.0]]))
        return keras.layers.Dense(2, kernel_initializer=weights, use_bias=False)(pooled)


class Sized(BrightAndDark):
    """A task that also measures."""

    labels = (Label("Bright"), Label("Width", "value", "mm"))


@pytest.fixture(scope="module")
def model():
    return brightness_in_cells(CELL_PX)


def brightness_in_cells(cell_px):
    image = keras.Input((*SIDES, 1))
    backbone = keras.Model(image, keras.layers.AveragePooling2D(cell_px, padding="same")(image))
    return build_model(backbone, BrightAndDark(), InputScaling(), "float32")


def prepared_on(lab: Lab, task=None, thumbnails: bool = False) -> Prepared:
    index = lab.index()
    part = np.where(np.arange(len(index)) < 8, "train", "test")
    config = RunConfig(
        task=Choice("bright", None),
        data=Choice("lab", None),
        topology=TopologyChoice("cells", None),
        precision=Choice("float32", None),
        report=ReportConfig(thumbnails=thumbnails),
    )
    split = Split("patient-hash", "meta.patient_id", part, "s")
    return Prepared(config, lab, task or BrightAndDark(), index, split, {}, "f")


def rows_of(prepared: Prepared) -> pd.DataFrame:
    """Predictions of the test split: the higher the number of the image, the higher the score."""
    index = prepared.index.iloc[prepared.rows("test")].reset_index(drop=True)
    score = np.linspace(0.1, 0.8, len(index))
    scores = {f"prediction.{name}": score for name in ("Bright", "Dark", "Width")}
    truths = {f"truth.{name}": index[f"label.{name}"].astype(float) for name in ("Bright", "Dark")}
    names = {"example_id": index["example_id"], "group_id": index["meta.patient_id"].astype(str), "split": "test"}
    return pd.DataFrame({**names, **scores, **truths, "truth.Width": 1.0})


@pytest.fixture
def written(tmp_path, model):
    def write(lab: Lab, network=None, **changes) -> RunFolder:
        prepared = prepared_on(lab, **changes)
        write_maps(RunFolder(tmp_path), prepared, network or model, rows_of(prepared), Silent())
        return RunFolder(tmp_path)

    return write


def read(path):
    return json.loads(path.read_text())


def test_boxes_of_the_split_and_the_task_are_scored_and_no_others(written):
    folder = written(BoxedLab())
    scored = pd.read_parquet(folder.boxes)
    assert len(scored) == 2 * (2 * N_PATIENTS - 8)
    assert set(scored["label"]) == {"Bright", "Dark"}
    assert set(scored["split"]) == {"test"}
    assert not set(scored["example_id"]) & {"elsewhere", *(f"e{i}" for i in range(8))}
    assert scored["group_id"].nunique() == N_PATIENTS - 4


def test_a_network_that_sees_the_square_points_at_it_and_one_that_sees_the_opposite_never_does(written):
    folder = written(BoxedLab())
    labels = read(folder.localization)["labels"]
    assert labels["Bright"]["pointing"] == [1, 1, 1]
    assert labels["Bright"]["iou"][0] > 0.3
    assert labels["Bright"]["prior"] < 0.3
    assert labels["Dark"]["n_zero_maps"] == labels["Dark"]["n_maps"] == 2 * N_PATIENTS - 8
    assert labels["Dark"]["pointing"] == [0, 0, 0]


def test_each_map_is_of_the_image_it_is_said_to_be_of_whatever_the_order(model):
    reader = MapReader(prepared_on(Lab()), ActivationMaps(model), Silent())
    order = np.random.default_rng(0).permutation(2 * N_PATIENTS)
    assert len(order) > 2 * N_IMAGES_AT_ONCE
    pairs = pd.DataFrame({"example_id": [f"e{i}" for i in order], "label": "Bright"})
    for i, one in zip(order, reader.read(pairs, "maps"), strict=True):
        assert np.unravel_index(one.argmax(), one.shape) == place(i)


def test_each_image_is_read_once_for_all_its_labels(model):
    lab = Lab()
    reader = MapReader(prepared_on(lab), ActivationMaps(model), Silent())
    reader.read(pd.DataFrame({"example_id": ["e7", "e3", "e7"], "label": ["Dark", "Bright", "Bright"]}), "maps")
    assert sorted(lab.reads) == [3, 7]


def test_the_numbers_follow_from_the_file_of_scored_boxes(written):
    folder = written(BoxedLab())
    localization = read(folder.localization)
    how = {"split": "test", "layer": "features", "map_shape": list(CELLS), "threshold": 0.5}
    again = evaluate_localization(pd.read_parquet(folder.boxes), ["Bright", "Dark"])
    assert localization == {**how, **json.loads(json.dumps(again))}


def no_boxes() -> pd.DataFrame:
    return BoxedLab().boxes().iloc[:0]


@pytest.mark.parametrize("lab", [Lab(), LabWith(no_boxes())])
def test_a_data_set_without_boxes_has_no_localization(written, lab):
    folder = written(lab)
    assert not folder.localization.exists()
    assert not folder.boxes.exists()
    assert folder.maps.exists()


def test_where_no_image_of_the_split_has_a_box_it_is_said(written):
    boxes = BoxedLab().boxes()
    folder = written(LabWith(boxes[boxes["example_id"].isin(["e0", "e1", "elsewhere"])]))
    assert read(folder.localization) == {
        "split": "test",
        "reason": "no image of the split has a box of one of the task's labels",
    }
    assert not folder.boxes.exists()


def test_a_map_of_one_cell_is_not_scored_and_it_is_said(written):
    folder = written(BoxedLab(), network=brightness_in_cells(max(SIDES)))
    assert list(read(folder.localization)) == ["split", "reason"]
    assert "is one cell" in read(folder.localization)["reason"]


def first_box(**values: object) -> pd.DataFrame:
    boxes = BoxedLab().boxes().head(3)
    for column, value in values.items():
        boxes.loc[2, column] = value
    return boxes


REFUSED = {
    "pixels": (first_box(x_min=512.0), "row 2 with 512, 0, 0.2, 0.333333"),
    "out of the picture": (first_box(y_min=0.9), "row 2 with 0, 0.9"),
    "no width": (first_box(width=0.0), "row 2 with 0, 0, 0, 0.333333"),
    "a number that is missing": (first_box(height=np.nan), "row 2 with 0, 0, 0.2, nan"),
    "a column that is missing": (first_box().drop(columns="width"), "Missing: width"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_boxes_that_are_none_are_refused_in_one_line(case):
    boxes, said = REFUSED[case]
    with pytest.raises(DataError, match=r"Data set 'lab' needs boxes with example_id, label, x_min") as raised:
        boxes_of(prepared_on(LabWith(boxes)))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_boxes_that_touch_the_sides_are_taken():
    boxes = first_box(x_min=0.7, width=0.1 + 0.2, y_min=0.0, height=1.0)
    assert len(boxes_of(prepared_on(LabWith(boxes)))) == 3


def test_pictures_are_of_the_highest_the_lowest_and_the_most_wrong(written):
    maps = read(written(BoxedLab()).maps)["maps"]
    chosen = {(one["label"], one["kind"]): (one["example_id"], one["prediction"], one["truth"]) for one in maps}
    last = f"e{2 * N_PATIENTS - 1}"
    assert chosen["Bright", "highest"] == (last, pytest.approx(0.8), 1)
    assert chosen["Bright", "lowest"] == ("e8", pytest.approx(0.1), 0)
    # Odd images are positive: the lowest of them is farther from its truth than the highest of the even ones.
    assert chosen["Bright", "most wrong"][::2] == ("e9", 1)
    assert chosen["Dark", "most wrong"][::2] == (last, 0)
    assert len(maps) == 6


def test_without_a_known_truth_there_is_no_most_wrong(model, tmp_path):
    prepared = prepared_on(Lab())
    unknown = rows_of(prepared).assign(**{"truth.Bright": np.nan})
    write_maps(RunFolder(tmp_path), prepared, model, unknown, Silent())
    maps = [one for one in read(tmp_path / "maps.json")["maps"] if one["label"] == "Bright"]
    assert [(one["kind"], one["truth"]) for one in maps] == [("highest", None), ("lowest", None)]


def test_a_drawn_image_is_shown_with_its_map_and_its_boxes(written):
    folder = written(BoxedLab())
    described = read(folder.maps)
    assert (described["shown"], described["reason"], described["side_px"]) == (True, None, max(SIDES))
    first = described["maps"][0]
    row, column = place(int(first["example_id"][1:]))
    assert first["boxes"] == [pytest.approx([column / CELLS[1], row / CELLS[0], 1 / CELLS[1], 1 / CELLS[0]])]
    grey = np.asarray(Image.open(folder.path / first["image"]))
    assert grey.shape == SIDES
    assert grey[row * CELL_PX, column * CELL_PX] == 250
    over = np.asarray(Image.open(folder.path / first["map"])).astype(int)
    coloured = np.abs(over - grey[:, :, None]).sum(axis=2)
    assert tuple(np.array(np.unravel_index(coloured.argmax(), SIDES)) // CELL_PX) == (row, column)
    assert [one["zero_map"] for one in described["maps"]] == [False] * 3 + [True] * 3


def test_every_picture_that_is_named_is_there_and_no_other(written):
    folder = written(Lab())
    (folder.pictures / "999-map.png").write_bytes(b"left by a run that was killed")
    written(Lab())
    named = {one[kind] for one in read(folder.maps)["maps"] for kind in ("image", "map")}
    assert {path.relative_to(folder.path).as_posix() for path in folder.pictures.iterdir()} == named


def test_an_image_of_somebody_is_not_shown_unless_it_was_asked_for(written):
    folder = written(BoxedLab(drawn=False))
    described = read(folder.maps)
    assert not folder.pictures.exists()
    assert (described["shown"], "report.thumbnails=true" in described["reason"]) == (False, True)
    assert [(one["image"], one["map"], one["zero_map"]) for one in described["maps"]] == [(None, None, None)] * 6
    assert folder.localization.exists()


def test_an_image_of_somebody_is_shown_where_it_was_asked_for(written):
    folder = written(Lab(drawn=False), thumbnails=True)
    assert read(folder.maps)["shown"] is True
    assert len(list(folder.pictures.iterdir())) == 12


def test_a_task_that_measures_has_no_maps_and_it_is_said(written):
    folder = written(BoxedLab(), task=Sized())
    described = read(folder.maps)
    assert (described["shown"], described["maps"]) == (False, [])
    assert described["reason"].endswith("'Width' is a value")
    assert not folder.localization.exists()


def test_labels_that_the_data_set_does_not_have_get_no_pictures(written):
    lab = Lab()
    lab.labels = (Label("Bright"),)
    assert {one["label"] for one in read(written(lab).maps)["maps"]} == {"Bright"}


def test_images_without_a_prediction_are_not_scored(model, tmp_path):
    prepared = prepared_on(BoxedLab())
    rows = rows_of(prepared).drop(index=3)
    write_maps(RunFolder(tmp_path), prepared, model, rows, Silent())
    assert set(pd.read_parquet(tmp_path / "boxes.parquet")["example_id"]) == set(rows["example_id"])
