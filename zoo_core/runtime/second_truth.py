"""What a data set's second truth says of a run's examples, checked before anything is trained."""

import dataclasses

import numpy as np
import pandas as pd

from zoo_core.contract import DataError, DatasetAdapter, SecondTruth, SupportsSecondTruth, Task
from zoo_core.data.classes import labels_by_class


def read_second_truth(adapter: DatasetAdapter, task: Task, index: pd.DataFrame) -> SecondTruth | None:
    """The second truth of the findings whose labels the task all predicts.

    Args:
        adapter: of the data set.
        task: that judges no others than its own labels.
        index: of the adapter.
    Returns:
        With a row for each row of `index`, missing where nobody looked again; None where there is none.
    Raises:
        DataError: it is not what the contract says.
    """
    found = adapter.second_truth() if isinstance(adapter, SupportsSecondTruth) else None
    if found is None:
        return None
    refuse_unsound(found, adapter, index)
    predicted = {label.name for label in task.labels}
    findings = {name: of for name, of in found.findings.items() if predicted.issuperset(of)}
    if not findings:
        return None
    table = found.table.set_index("example_id")[list(findings)].astype(np.float64).reindex(index["example_id"])
    return dataclasses.replace(found, findings=findings, table=table.reset_index())


def refuse_unsound(found: SecondTruth, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
    """See that a second truth is of the data set's examples and labels.

    Args:
        found: what the adapter gives.
        adapter: of the data set.
        index: of the adapter.
    Raises:
        DataError: it is not what the contract says.
    """
    wanted = f"The second truth of '{adapter.card.title}' needs"
    if missing := [name for name in ("example_id", *found.findings) if name not in found.table]:
        raise DataError(f"{wanted} a column '{missing[0]}'. Received: {', '.join(map(str, found.table.columns))}")
    binary = {label.name for label in labels_by_class(adapter.labels) if label.kind == "binary"}
    for name, of in found.findings.items():
        if not of or not binary.issuperset(of):
            raise DataError(f"{wanted} binary labels of the data set for '{name}'. Received: {', '.join(of) or 'none'}")
        known = found.table[name].dropna()
        if not known.isin([0, 1]).all():
            raise DataError(f"{wanted} 0, 1 or nothing in '{name}'. Received: {known[~known.isin([0, 1])].iloc[0]}")
    names = found.table["example_id"]
    wrong = names[names.duplicated() | ~names.isin(index["example_id"])]
    if len(wrong):
        raise DataError(f"{wanted} examples of the index, each once. Received: '{wrong.iloc[0]}' beside these")
