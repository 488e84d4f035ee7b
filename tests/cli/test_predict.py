"""`zoo predict` before anything is computed: what is given together, and what is refused."""

from pathlib import Path

import pytest

from zoo_core.cli import main
from zoo_core.cli.predict import as_text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["RUN"], "A prediction needs pictures or folders as INPUT, or a data set as --data"),
        (["RUN", "a.png", "--data", "chest-phantom"], "Received: both"),
        (["RUN", "a.png"], "A run folder or a model folder with a model.json was wanted"),
        (["RUN", "a.png", "--resume"], "--resume needs the folder of the prediction: --out DIR"),
        (["RUN", "a.png", "--batch", "0"], "--batch"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["predict", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_summary_names_failures_speeds_and_the_file() -> None:
    speed = {"seconds": 2.0, "images_per_s": 4.0}
    failures = [{"example_id": "a.png", "reason": "is empty (0 bytes)"}]
    answer = {"n": 8, "n_failed": 1, "failures": failures, "n_now": 8, "end_to_end": speed, "compute": speed}
    assert as_text({**answer, "first_result_s": 1.5}, Path("out")).splitlines() == [
        "8 images, 1 of which cannot be read",
        "cannot be read: 'a.png' is empty (0 bytes)",
        "end to end: 4.0 images/s, 2.0 s",
        "compute alone: 4.0 images/s, 2.0 s",
        "first result 1.50 s after the start of the process",
        "predictions: out/predictions.parquet",
    ]
