import pytest

from zoo_core.contract import OutputError
from zoo_core.runtime.events import EventLog


def test_a_place_where_tensorboard_cannot_write_is_refused_in_one_line(tmp_path):
    (tmp_path / "tensorboard").write_text("a file, below which there can be none")
    with pytest.raises(OutputError, match="tensorboard' needs to be written to") as refused:
        EventLog(tmp_path).scalars(1, {"loss": 0.5})
    assert "\n" not in str(refused.value)
