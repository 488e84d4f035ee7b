"""The 14 findings of ChestX-ray14."""

from zoo_core.contract import Label

FINDINGS = (
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
"""Names as in NIH's tables, in CheXNet's order. "No Finding" is the absence of all, not a fifteenth.

Source:
    Rajpurkar et al. 2017, CheXNet, table 2; spelling of Data_Entry_2017 (Wang et al. 2017).
"""

LABELS = tuple(Label(name) for name in FINDINGS)
"""The same as labels of an adapter: binary, 0 absent, 1 present."""
