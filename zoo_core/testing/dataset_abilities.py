"""Laws of what a data set may do besides: batches, boxes, a second truth, shards, folds, unreadable images."""

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import (
    DatasetAdapter,
    ImageError,
    SupportsBatches,
    SupportsBoxes,
    SupportsFolds,
    SupportsRemarks,
    SupportsSecondTruth,
    SupportsShards,
    SupportsUnreadable,
)
from zoo_core.data.classes import with_class_columns
from zoo_core.data.splits import PARTS, leave_out_name
from zoo_core.runtime.second_truth import refuse_unsound
from zoo_core.testing.checks import Checks
from zoo_core.testing.promises import broken, difference, said, working

BOX_COLUMNS = ("example_id", "label", "x_min", "y_min", "width", "height")


class AbilityLaws(Checks):
    """What holds where a data set offers more than it must; the checks of what it does not offer are skipped."""

    def test_a_batch_reads_as_its_rows_do(
        self, adapter: DatasetAdapter, index: pd.DataFrame, readable: dict[int, dict[str, np.ndarray]]
    ) -> None:
        """`read_batch` gives what `read` gives, in the order that is asked for, and refuses rows that are not there."""
        if not isinstance(adapter, SupportsBatches):
            pytest.skip("it reads row by row")
        rows = [*reversed(readable), *list(readable)[:1]]
        with working("read_batch reads rows in any order, and a row twice", "index by the rows as they are given"):
            together = adapter.read_batch(np.array(rows))
        wanted = {name: np.stack([readable[row][name] for row in rows]) for name in readable[rows[0]]}
        if words := difference(wanted, together):
            broken("read_batch(rows) gives what read gives of each row, in their order", words, "mend read_batch")
        for row in (len(index), -1):
            try:
                adapter.read_batch(np.array([rows[0], row]))
            except IndexError:
                continue
            broken(f"read_batch of row {row} of {len(index)} raises IndexError", "arrays", "refuse it first")

    def test_boxes_lie_in_images_and_name_examples_and_labels(
        self, adapter: DatasetAdapter, index: pd.DataFrame
    ) -> None:
        """A box has an example of the index, a label of the data set, and lies within the image."""
        if not isinstance(adapter, SupportsBoxes):
            pytest.skip("it has no boxes")
        boxes = adapter.boxes()
        if absent := [name for name in BOX_COLUMNS if name not in boxes]:
            broken(f"boxes() has columns {', '.join(BOX_COLUMNS)}", f"no {', '.join(absent)}", "mend boxes()")
        labels = with_class_columns(index, adapter.labels).columns
        wrong = boxes[~boxes["example_id"].isin(index["example_id"]) | ~("label." + boxes["label"]).isin(labels)]
        if len(wrong):
            found = wrong.iloc[0][["example_id", "label"]].to_dict()
            broken("A box is of an example of the index and of a label", found, "leave out boxes of other examples")
        near, size = boxes[["x_min", "y_min"]].to_numpy(float), boxes[["width", "height"]].to_numpy(float)
        outside = (near < 0) | (size <= 0) | (near + size > 1 + 1e-6)
        if outside.any() or not np.isfinite(np.hstack([near, size])).all():
            found = boxes[outside.any(axis=1)].iloc[:1].to_dict("records")
            broken("A box is given in fractions of the sides and lies within the image", found, "divide by the sides")

    def test_a_second_truth_is_of_its_examples_and_labels(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """What others say is of examples of the index, each once, 0, 1 or missing."""
        found = adapter.second_truth() if isinstance(adapter, SupportsSecondTruth) else None
        if found is None:
            pytest.skip("it has no second truth")
        with working("A second truth is of the data set's examples and labels", "mend second_truth()"):
            refuse_unsound(found, adapter, index)

    def test_shards_hold_each_readable_row_of_a_part_once(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """Shards of the parts share no row, and lack only rows that cannot be read or are in no part."""
        if not isinstance(adapter, SupportsShards):
            pytest.skip("it has no shards")
        by_part = {part: [row for shard in adapter.shards(part) for row in shard.tolist()] for part in PARTS}
        rows = [row for part in by_part.values() for row in part]
        if len(set(rows)) < len(rows) or not set(rows) <= set(range(len(index))):
            twice = next((row for row in rows if rows.count(row) > 1), "a row that is not there")
            broken("Shards hold rows of the index, each once", f"{twice} beside them", "mend shards()")
        bad = adapter.unreadable() if isinstance(adapter, SupportsUnreadable) else {}
        if unreadable := sorted(set(bad) & set(rows)):
            broken("Shards hold only rows that can be read", f"row {unreadable[0]}", "mend shards()")
        column = adapter.group_columns[0]
        parts_of = index.assign(part=pd.Series({row: part for part, held in by_part.items() for row in held}))
        if (straddling := parts_of.dropna(subset="part").groupby(column)["part"].nunique() > 1).any():
            # Rows and no name of a group, which may be a patient's.
            rows_of = np.flatnonzero((index[column] == straddling.idxmax()).to_numpy()).tolist()
            broken(f"No '{column}' has rows in shards of two parts", f"rows {rows_of[:4]}", "mend shards()")

    def test_an_unknown_part_has_no_shards(self, adapter: DatasetAdapter) -> None:
        """A part that is not there is refused by its name, or holds nothing."""
        if not isinstance(adapter, SupportsShards):
            pytest.skip("it has no shards")
        try:
            found = [row for shard in adapter.shards("no-such-part") for row in shard]
        except Exception as error:  # noqa: BLE001 - any that names it will do
            if "no-such-part" not in str(error):
                broken("shards('no-such-part') names the part that is not there", said(error), "name it")
            return
        if found:
            broken("shards('no-such-part') holds nothing or is refused", f"{len(found)} rows", "mend shards()")

    def test_folds_keep_groups_whole(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """A value that is left out has all rows of its groups."""
        if not isinstance(adapter, SupportsFolds):
            pytest.skip("it has no folds")
        group = adapter.group_columns[0]
        for column in adapter.fold_columns:
            if column not in index or index[column].isna().any():
                broken(f"'{column}' is in the index, and known of each row", "less", "mend fold_columns or index()")
            n_values = index.groupby(group)[column].nunique()
            if (n_values > 1).any():
                broken(
                    f"Split '{leave_out_name(column)}' keeps each '{group}' whole",
                    f"{int((n_values > 1).sum())} of them in several values",
                    "leave the column out of fold_columns",
                )

    def test_rows_that_are_called_unreadable_are(self, adapter: DatasetAdapter, index: pd.DataFrame) -> None:
        """`unreadable` names rows of the index, each with its reason; reading one raises ImageError."""
        if not isinstance(adapter, SupportsUnreadable):
            pytest.skip("it does not know beforehand what cannot be read")
        bad = adapter.unreadable()
        if odd := [row for row, reason in bad.items() if not 0 <= row < len(index) or not str(reason).strip()]:
            broken("Unreadable rows are of the index and have a reason", {odd[0]: bad[odd[0]]}, "mend unreadable()")
        for row in list(bad)[:3]:
            try:
                adapter.read(row)
            except ImageError:
                continue
            broken(f"read({row}) raises ImageError, as unreadable() says", "arrays", "mend unreadable()")

    def test_remarks_are_short_texts(self, adapter: DatasetAdapter, readable: dict[int, dict[str, np.ndarray]]) -> None:
        """`remarks` gives a tuple of texts for each row, the same each time."""
        if not isinstance(adapter, SupportsRemarks):
            pytest.skip("it remarks nothing of its files")
        for row in readable:
            with working(f"remarks({row}) says what is odd of a file that can be read", "mend remarks()"):
                found, again = adapter.remarks(row), adapter.remarks(row)
            if not isinstance(found, tuple) or not all(isinstance(text, str) and text.strip() for text in found):
                broken(f"remarks({row}) gives texts in a tuple", repr(found), "return (), where nothing is odd")
            if found != again:
                broken(f"remarks({row}) gives the same each time", f"{found} and {again}", "mend remarks()")
