"""Rows of a small screen, with names that look like markup."""

import numpy as np
import pandas as pd

PLATE, DRUG, DOSE_UNIT = "<s>P & Q", "<em>drug & co", "u<M>"


def well_rows() -> pd.DataFrame:
    """A plate of four rows of six wells: negative controls, positive ones, and two rows with a drug by its dose."""
    random = np.random.default_rng(1)
    wells = pd.DataFrame([(row, column) for row in "ABCD" for column in range(1, 7)], columns=["row", "column"])
    is_drug = wells["row"].isin(["C", "D"]).to_numpy()
    dose = np.where(is_drug, 10.0 ** (wells["column"] - 3), np.nan)
    role = np.select([wells["row"] == "A", wells["row"] == "B"], ["negative", "positive"], "")
    effect = np.where(role == "positive", 1.0, np.nan_to_num(dose / (1 + dose)))
    name = wells["row"] + wells["column"].map("{:02}".format)
    return pd.DataFrame(
        {
            "example_id": name,
            "group_id": name,
            "split": "test",
            "status": "ok",
            "reason": None,
            "meta.plate": PLATE,
            "meta.well": name,
            "meta.well_id": name,
            "meta.row": wells["row"],
            "meta.column": wells["column"],
            "meta.control_role": pd.Series(role, dtype=object).replace("", None),
            "meta.treatment": pd.Series(np.where(is_drug, DRUG, ""), dtype=object).replace("", None),
            "meta.concentration": dose,
            "meta.concentration_unit": pd.Series(np.where(is_drug, DOSE_UNIT, ""), dtype=object).replace("", None),
            "truth.response": np.select([role == "positive", role == "negative"], [1.0, 0.0], np.nan),
            "score.response": 8 * effect - 4 + 0.3 * random.normal(size=len(wells)),
            "prediction.response": effect,
            "baseline.position.response": random.uniform(0.4, 0.6, len(wells)),
        }
    )
