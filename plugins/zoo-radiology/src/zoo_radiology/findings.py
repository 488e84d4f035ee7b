"""The 14 findings of ChestX-ray14."""

CHEXNET_FINDINGS = (
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
"""In the order of Rajpurkar et al. 2017, CheXNet, table 2. "No Finding" is their absence."""
