"""Figures are written, not empty, and say what they show."""
import json

import numpy as np
from PIL import Image

from minimeta.report import write_folder
from minimeta.report.figures import RIGHT_MARK, WRONG_MARK, figures
from minimeta.run import checkpoint


def texts(figure):
    from matplotlib.text import Text
    return [item.get_text() for item in figure.findobj(Text) if item.get_text()]


def test_the_figures_of_each_kind(sinusoid, images):
    assert set(figures(sinusoid)) == {"learning-curves", "fits"}
    assert set(figures(images)) == {"learning-curves", "episode-maml", "episode-matching"}


def test_fits_show_every_number_of_steps(sinusoid):
    found = figures(sinusoid)["fits"]
    keys = [text.get_text() for text in found.legends[0].get_texts()]
    assert keys == ["sinusoid", "support points", "before adaptation", "after 1 step",
                    "after 5 steps", "after 10 steps", "given the support points, without steps"]
    maml = found.axes[0]
    assert maml.get_title() == "MAML"
    drawn = [line.get_ydata() for line in maml.lines]
    shown = sinusoid.results[0].shown
    for steps in (0, 1, 5, 10):
        assert any(np.array_equal(y, shown[steps][0, :, 0]) for y in drawn)
    low, high = maml.get_ylim()
    assert low < sinusoid.shown.yq.min() and high > sinusoid.shown.yq.max()


def test_curves_have_labels_and_a_legend(sinusoid):
    found = figures(sinusoid)["learning-curves"]
    assert all(ax.get_xlabel() and ax.get_ylabel() and ax.get_title() for ax in found.axes)
    names = [text.get_text() for text in found.legends[0].get_texts()]
    assert names == ["MAML", "FOMAML", "Reptile", "Matching", "Joint"]


def test_an_episode_marks_right_and_wrong(images):
    result = images.results[0]
    result.shown[10] = np.array(images.shown.yq)
    result.shown[10][0, 0] = 2                  # one query of class 1 is taken for class 3
    marks = [t for t in texts(figures(images)["episode-maml"]) if t[0] in RIGHT_MARK + WRONG_MARK]
    assert len(marks) == 3 * 5
    assert [m for m in marks if m[0] == WRONG_MARK] == [f"{WRONG_MARK} 3"]


def test_a_folder_has_all_files(sinusoid, tmp_path):
    written = write_folder(sinusoid, tmp_path)
    home = tmp_path / "sinusoid"
    assert sorted(p for p in home.rglob("*") if p.is_file()) == sorted(written)
    assert {str(p.relative_to(home)) for p in written} == {
        "table.json", "table.md", "settings.json", "figures/learning-curves.png",
        "figures/fits.png", *(f"weights/{m}.npz" for m in ("maml", "fomaml", "reptile", "matching",
                                                            "joint"))}
    assert json.loads((home / "settings.json").read_text())["seed"] == 0
    for path in home.glob("figures/*.png"):
        with Image.open(path) as image:
            assert min(image.size) > 300 and len(np.unique(np.asarray(image.convert("L")))) > 20
    learner = checkpoint.load(home / "weights" / "maml.npz").learner()
    shown = sinusoid.shown
    assert np.array_equal(learner.predict(shown.xs, shown.ys, shown.xq, 10),
                          sinusoid.results[0].shown[10])


def test_nothing_finished_is_a_folder_without_figures(sinusoid, tmp_path):
    from dataclasses import replace
    written = write_folder(replace(sinusoid, results=[], interrupted=True), tmp_path)
    assert {p.name for p in written} == {"table.json", "table.md", "settings.json"}
    assert "Interrupted" in (tmp_path / "sinusoid" / "table.md").read_text()
