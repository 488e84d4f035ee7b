"""What is known of the twelve data sets of MedMNIST whose images are flat: labels, sizes, checksums, licences.

Source:
    Yang et al. 2023, MedMNIST v2, Scientific Data 10: 41; checksums and addresses of the package
    medmnist 3.0.2, info.py (MedMNIST+, Zenodo record 10519652).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from zoo_core.contract import Label

CITATION = "Yang et al. 2023, MedMNIST v2, Scientific Data 10: 41"

SIZES_PX = (28, 64, 128, 224)
"""Edges that each data set is published with."""

CC_BY = "CC BY 4.0"

CHEST_FINDINGS = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)
"""In the order of ChestMNIST's columns, spelt as NIH does, so that tasks on ChestX-ray14 know them."""

ORGANS = (
    "bladder",
    "femur left",
    "femur right",
    "heart",
    "kidney left",
    "kidney right",
    "liver",
    "lung left",
    "lung right",
    "pancreas",
    "spleen",
)
"""Of the three OrganMNISTs."""


@dataclass(frozen=True)
class Facts:
    """One data set.

    Attributes:
        title: as its authors write it.
        summary: what its images show.
        label_source: who gave the labels, and what is odd of them.
        labels: of its images.
        n_channels: 1 for grey, 3 for red, green and blue.
        n_examples: of train, validation and test.
        md5: of the published file of each of `SIZES_PX`.
        source: what to cite beside MedMNIST.
        licence: of the data.
        positive: of a binary label the file's number that stands for it.
    """

    title: str
    summary: str
    label_source: str
    labels: tuple[Label, ...]
    n_channels: int
    n_examples: tuple[int, int, int]
    md5: tuple[str, str, str, str]
    source: str
    licence: str = CC_BY
    positive: int = 1


def _classes(name: str, *class_names: str) -> tuple[Label, ...]:
    return (Label(name, "class", class_names=class_names),)


FACTS: Mapping[str, Facts] = {
    "pathmnist": Facts(
        title="PathMNIST",
        summary="Patches of colorectal tissue, stained with haematoxylin and eosin",
        label_source="Pathologists marked regions; the test patches are of another hospital.",
        labels=_classes(
            "tissue",
            "adipose",
            "background",
            "debris",
            "lymphocytes",
            "mucus",
            "smooth muscle",
            "normal mucosa",
            "cancer stroma",
            "adenocarcinoma epithelium",
        ),
        n_channels=3,
        n_examples=(89_996, 10_004, 7_180),
        md5=(
            "a8b06965200029087d5bd730944a56c1",
            "55aa9c1e0525abe5a6b9d8343a507616",
            "ac42d08fb904d92c244187169d1fd1d9",
            "2c51a510bcdc9cf8ddb2af93af1eadec",
        ),
        source="Kather et al. 2019, PLOS Medicine 16(1): e1002730",
    ),
    "chestmnist": Facts(
        title="ChestMNIST",
        summary="Frontal chest radiographs of the NIH Clinical Center",
        label_source="Mined from radiology reports by a program and not read again.",
        labels=tuple(Label(name) for name in CHEST_FINDINGS),
        n_channels=1,
        n_examples=(78_468, 11_219, 22_433),
        md5=(
            "02c8a6516a18b556561a56cbdd36c4a8",
            "9de6cd0b934ebb5b7426cfba5efbae16",
            "db107e5590b27930b62dbaf558aebee3",
            "45bd33e6f06c3e8cdb481c74a89152aa",
        ),
        source="Wang et al. 2017, ChestX-ray8, CVPR",
    ),
    "dermamnist": Facts(
        title="DermaMNIST",
        summary="Dermatoscopic images of pigmented skin lesions",
        label_source="Histopathology of more than half; follow-up, consensus or confocal microscopy of the rest.",
        labels=_classes(
            "lesion",
            "actinic keratosis or carcinoma in situ",
            "basal cell carcinoma",
            "benign keratosis",
            "dermatofibroma",
            "melanoma",
            "melanocytic naevus",
            "vascular lesion",
        ),
        n_channels=3,
        n_examples=(7_007, 1_003, 2_005),
        md5=(
            "0744692d530f8e62ec473284d019b0c7",
            "b70a2f5635c6199aeaa28c31d7202e1f",
            "2defd784463fa5243564e855ed717de1",
            "8974907d8e169bef5f5b96bc506ae45d",
        ),
        source="Tschandl et al. 2018, HAM10000, Scientific Data 5: 180161",
        licence="CC BY-NC 4.0",
    ),
    "octmnist": Facts(
        title="OCTMNIST",
        summary="Optical coherence tomography of the retina",
        label_source="Graded in several tiers up to retinal specialists.",
        labels=_classes("retina", "choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
        n_channels=1,
        n_examples=(97_477, 10_832, 1_000),
        md5=(
            "c68d92d5b585d8d81f7112f81e2d0842",
            "e229e9440236b774d9f0dfef9d07bdaf",
            "0a97e76651ace45c5d943ee3f65b63ae",
            "abc493b6d529d5de7569faaef2773ba3",
        ),
        source="Kermany et al. 2018, Cell 172: 1122-1131",
    ),
    "pneumoniamnist": Facts(
        title="PneumoniaMNIST",
        summary="Chest radiographs of children",
        label_source="Graded by two physicians, the test images checked by a third.",
        labels=(Label("pneumonia"),),
        n_channels=1,
        n_examples=(4_708, 524, 624),
        md5=(
            "28209eda62fecd6e6a2d98b1501bb15f",
            "8f4eceb4ccffa70c672198ea285246c6",
            "05b46931834c231683c68f40c47b2971",
            "d6a3c71de1b945ea11211b03746c1fe1",
        ),
        source="Kermany et al. 2018, Cell 172: 1122-1131",
    ),
    "retinamnist": Facts(
        title="RetinaMNIST",
        summary="Fundus photographs, graded for diabetic retinopathy",
        label_source="Graded by ophthalmologists. Grades are ordered; here they are five classes without an order.",
        labels=_classes("retinopathy grade", "grade 0", "grade 1", "grade 2", "grade 3", "grade 4"),
        n_channels=3,
        n_examples=(1_080, 120, 400),
        md5=(
            "bd4c0672f1bba3e3a89f0e4e876791e4",
            "afda852cc34dcda56f86ad2b2457dbcc",
            "e48e916a24454daf90583d4e6efb1a18",
            "eae7e3b6f3fcbda4ae613ebdcbe35348",
        ),
        source="Liu et al. 2022, DeepDRiD, Patterns 3(6): 100512",
    ),
    "breastmnist": Facts(
        title="BreastMNIST",
        summary="Ultrasound images of the breast",
        label_source="Of the hospital that took them. Present is 0 in the file; its 1 is normal or benign.",
        labels=(Label("malignant"),),
        n_channels=1,
        n_examples=(546, 78, 156),
        md5=(
            "750601b1f35ba3300ea97c75c52ff8f6",
            "742edef2a1fd1524b2efff4bd7ba9364",
            "363e4b3f8d712e9b5de15470a2aaadf1",
            "b56378a6eefa9fed602bb16d192d4c8b",
        ),
        source="Al-Dhabyani et al. 2020, Data in Brief 28: 104863",
        positive=0,
    ),
    "bloodmnist": Facts(
        title="BloodMNIST",
        summary="Blood cells of individuals without a disease of the blood, under the microscope",
        label_source="Named by clinical pathologists.",
        labels=_classes(
            "cell",
            "basophil",
            "eosinophil",
            "erythroblast",
            "immature granulocyte",
            "lymphocyte",
            "monocyte",
            "neutrophil",
            "platelet",
        ),
        n_channels=3,
        n_examples=(11_959, 1_712, 3_421),
        md5=(
            "7053d0359d879ad8a5505303e11de1dc",
            "2b94928a2ae4916078ca51e05b6b800b",
            "adace1e0ed228fccda1f39692059dd4c",
            "b718ff6835fcbdb22ba9eacccd7b2601",
        ),
        source="Acevedo et al. 2020, Data in Brief 30: 105474",
    ),
    "tissuemnist": Facts(
        title="TissueMNIST",
        summary="Cells of the human kidney cortex, fluorescence microscopy, projected along z (BBBC051)",
        label_source="Gated by the fluorescence of markers.",
        labels=_classes(
            "cell type",
            "collecting duct or connecting tubule",
            "distal convoluted tubule",
            "glomerular endothelium",
            "interstitial endothelium",
            "leukocyte",
            "podocyte",
            "proximal tubule",
            "thick ascending limb",
        ),
        n_channels=1,
        n_examples=(165_466, 23_640, 47_280),
        md5=(
            "ebe78ee8b05294063de985d821c1c34b",
            "123ece2eba09d0aa5d698fda57103344",
            "61b955355d7425a89687b06cca3ce0c2",
            "b077128c4a949f0a4eb01517f9037b9c",
        ),
        source="Woloshuk et al. 2021, Cytometry A 99: 707-721; Ljosa et al. 2012, Nature Methods 9: 637",
    ),
    "organamnist": Facts(
        title="OrganAMNIST",
        summary="Organs in axial slices of abdominal computed tomography",
        label_source="Boxes of another study around organs. No scan is in two parts.",
        labels=_classes("organ", *ORGANS),
        n_channels=1,
        n_examples=(34_561, 6_491, 17_778),
        md5=(
            "68e3f8846a6bd62f0c9bf841c0d9eacc",
            "2dcccc29b88e6da5a01161ef20cda288",
            "eeae80d0a227a8d099027e1b3cfd3b60",
            "50747347e05c87dd3aaf92c49f9f3170",
        ),
        source="Bilic et al. 2023, LiTS, Medical Image Analysis 84: 102680; Xu et al. 2019, IEEE TMI 38: 1885-1898",
    ),
    "organcmnist": Facts(
        title="OrganCMNIST",
        summary="Organs in coronal slices of abdominal computed tomography",
        label_source="Boxes of another study around organs. No scan is in two parts.",
        labels=_classes("organ", *ORGANS),
        n_channels=1,
        n_examples=(12_975, 2_392, 8_216),
        md5=(
            "b9ceb9546e10131b32923c5bbeaea2b1",
            "3ce34a8724ea6f548e6db4744d03b6a9",
            "773c1f009daa3fe5d9a2a201b2a7ed94",
            "050f5e875dc056f6768abf94ec9995d1",
        ),
        source="Bilic et al. 2023, LiTS, Medical Image Analysis 84: 102680; Xu et al. 2019, IEEE TMI 38: 1885-1898",
    ),
    "organsmnist": Facts(
        title="OrganSMNIST",
        summary="Organs in sagittal slices of abdominal computed tomography",
        label_source="Boxes of another study around organs. No scan is in two parts.",
        labels=_classes("organ", *ORGANS),
        n_channels=1,
        n_examples=(13_932, 2_452, 8_827),
        md5=(
            "9ab87b696fb54e2a387ebe992d6ed5f1",
            "53a6d115339d874c25e309a994ff46d3",
            "ded0c5fa01a95dc4978b956f613e9b8e",
            "b354719e553fbbb2513d5533f52a4cb1",
        ),
        source="Bilic et al. 2023, LiTS, Medical Image Analysis 84: 102680; Xu et al. 2019, IEEE TMI 38: 1885-1898",
    ),
}
"""By the name of the published file."""

SOLID = ("organmnist3d", "nodulemnist3d", "adrenalmnist3d", "fracturemnist3d", "vesselmnist3d", "synapsemnist3d")
"""Data sets of MedMNIST that hold volumes, which are not read here."""


def file_name(name: str, size_px: int) -> str:
    """What the published file is called.

    >>> file_name("pneumoniamnist", 28), file_name("pneumoniamnist", 64)
    ('pneumoniamnist.npz', 'pneumoniamnist_64.npz')
    """
    return f"{name}.npz" if size_px == SIZES_PX[0] else f"{name}_{size_px}.npz"


def address(name: str, size_px: int) -> str:
    """Where the published file is."""
    return f"https://zenodo.org/records/10519652/files/{file_name(name, size_px)}?download=1"


def checksum(name: str, size_px: int) -> str:
    """`md5:...` of the published file."""
    return f"md5:{FACTS[name].md5[SIZES_PX.index(size_px)]}"
