"""A data set whose boxes are none is refused before anything is trained."""

from pathlib import Path

LAB = (Path(__file__).parents[1] / "signalling_lab.py").read_text()
IN_PIXELS = """

class Boxed(Lab):
    def boxes(self):
        columns = ["example_id", "label", "x_min", "y_min", "width", "height"]
        return pd.DataFrame([["image-0", "Edema", 2, 3, 5, 7]], columns=columns)


dataset = Plugin(config=Config, create=Boxed, summary="Noise with boxes in pixels.")
"""


def test_boxes_in_pixels_are_refused_in_one_line_and_leave_no_folder(site, run_zoo, tmp_path):
    plugins = {"zoo.datasets.v1:boxed": "boxed_lab:dataset", "zoo.topologies.v1:one-layer": "boxed_lab:topology"}
    site.install("boxed-lab", plugins, boxed_lab=LAB + IN_PIXELS)
    choices = ["--data", "boxed", "--topology", "one-layer", "--precision", "float32"]
    done = run_zoo("run", "chexnet", *choices, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "as fractions of the picture's sides. Received: row 0 with 2, 3, 5, 7" in done.stderr
    assert "epoch 1" not in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
