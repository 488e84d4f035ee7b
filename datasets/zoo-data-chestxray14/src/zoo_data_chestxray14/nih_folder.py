"""ROOT as NIH ships it: which tables are there, and which images."""

from dataclasses import dataclass
from pathlib import Path

from zoo_core.contract import DataError
from zoo_data_chestxray14.radiologists import RADIOLOGISTS_FILE

_LAYOUT = "Data_Entry_2017*.csv, images/ or images_001/images ... images_012/images, train_val_list.txt, test_list.txt"


@dataclass(frozen=True)
class NihFolder:
    """What was found under ROOT.

    Attributes:
        labels: `Data_Entry_2017*.csv`, packed or not.
        train_list: `train_val_list.txt`, or None.
        test_list: `test_list.txt`, or None.
        boxes: `BBox_List_2017.csv`, or None.
        radiologists: what radiologists said of some images, or None.
        images: path of every PNG file by its name.
    """

    labels: Path
    train_list: Path | None
    test_list: Path | None
    boxes: Path | None
    radiologists: Path | None
    images: dict[str, Path]


def open_folder(root: str, label_file: str = "", radiologist_file: str = "") -> NihFolder:
    """Look through ROOT once.

    Args:
        root: the folder.
        label_file: name of the label table in it, where there are several; empty for the only one.
        radiologist_file: the radiologists' table, in ROOT or with its whole path; empty for the usual name.
    Raises:
        DataError: no root was given, it is missing or empty, or not laid out as NIH ships it.
    """
    if not root:
        raise DataError("Data set 'chestxray14' needs the folder NIH ships: give it as --data chestxray14=ROOT")
    folder = Path(root)
    if not folder.is_dir():
        raise DataError(f"Data set 'chestxray14': {folder} is not a folder. Give the folder that holds {_LAYOUT}")
    if not any(folder.iterdir()):
        raise DataError(f"Data set 'chestxray14': {folder} is empty. It should hold {_LAYOUT}")
    return NihFolder(
        labels=_label_table(folder, label_file),
        train_list=_table(folder, "train_val_list.txt"),
        test_list=_table(folder, "test_list.txt"),
        boxes=_table(folder, "BBox_List_2017.csv"),
        radiologists=_radiologists(folder, radiologist_file),
        images=_images(folder),
    )


def _label_table(folder: Path, label_file: str) -> Path:
    found = sorted(path for path in folder.glob("Data_Entry_2017*") if path.name.endswith((".csv", ".csv.gz")))
    if label_file:
        found = [path for path in found if path.name == label_file]
    if not found:
        wanted = label_file or "Data_Entry_2017*.csv"
        raise DataError(f"Data set 'chestxray14': no {wanted} in {folder}. It should hold {_LAYOUT}")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(f"Data set 'chestxray14': {folder} has {names}. Choose one with --set data.label_file=NAME")
    return found[0]


def _radiologists(folder: Path, name: str) -> Path | None:
    if not name:
        return _table(folder, RADIOLOGISTS_FILE)
    path = folder / name
    if not path.is_file():
        raise DataError(f"data.radiologist_file needs a file, in ROOT or with its whole path. Received: '{path}'")
    return path


def _table(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _images(folder: Path) -> dict[str, Path]:
    places = [place for place in (folder / "images", *sorted(folder.glob("images_*/images"))) if place.is_dir()]
    if not places:
        raise DataError(
            f"Data set 'chestxray14': neither images/ nor images_001/images ... in {folder}. It should hold {_LAYOUT}"
        )
    # The same name in two places is the same image: NIH's names are unique, and the first place wins.
    return {path.name: path for place in reversed(places) for path in place.glob("*.png")}
