"""The table in its three forms, the figures, and the folder."""
import io
import json

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from minimeta.report import as_json, as_markdown, as_rich, write_folder
from minimeta.report.table import number
from minimeta.run.checkpoint import load
from minimeta.run.compare import compare
from minimeta.run.evaluate import score
from minimeta.run.settings import Settings

METHODS = ("maml", "prototypical", "matching")


@pytest.fixture(scope="module", params=["sinusoid", "glyphs"])
def found(request):
    return compare(Settings(request.param, METHODS, iterations=2, test_episodes=20, filters=4))


def test_numbers_are_printed_with_their_interval():
    assert number(score(np.array([0.5, 1.0])), False) == "75.0 ± 49.0 %"
    assert number(score(np.array([0.5, 1.0]), True), True) == "0.750 ± 0.490"
    assert number(None, True) == "–"


def test_markdown_has_a_row_a_method(found):
    text = as_markdown(found)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(METHODS) and len({line.count("|") for line in lines}) == 1
    assert ("classification only" in text) == (found.settings.data == "sinusoid")
    assert "batch (transductive)" in text or found.settings.data == "sinusoid"
    assert "95 %" in text and "n = 20" in text


def test_json_is_strict_and_holds_the_scores(found):
    text = json.dumps(as_json(found), allow_nan=False)
    rows = {row["method"]: row for row in json.loads(text)["methods"]}
    assert set(rows) == set(METHODS)
    last = found.results[0].scores[10]
    assert repr(float(last.mean))[:12] in text


def test_the_terminal_table_fits_100_columns(found):
    screen = io.StringIO()
    Console(file=screen, width=100).print(as_rich(found, 100))
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 100 and any("MAML" in line for line in lines)


def test_the_folder(found, tmp_path):
    written = write_folder(found, tmp_path)
    home = tmp_path / found.settings.data
    assert {p.relative_to(home).as_posix() for p in written} >= {
        "table.json", "table.md", "settings.json", "figures/learning-curves.png",
        "weights/maml.npz", "weights/matching.npz"}
    assert np.array_equal(load(home / "weights" / "maml.npz").theta,
                          found.results[0].checkpoint.theta)
    pictures = [p for p in written if p.suffix == ".png"]
    expected = {"fits"} if found.is_regression else {"episode-maml", "episode-matching"}
    assert expected <= {p.stem for p in pictures}
    for path in pictures:
        with Image.open(path) as image:
            assert min(image.size) > 300 and len(set(image.convert("L").tobytes())) > 10


def test_an_interrupted_comparison_is_written_too(tmp_path):
    def interrupt(event):
        raise KeyboardInterrupt
    found = compare(Settings("sinusoid", ("maml",), iterations=2), interrupt)
    write_folder(found, tmp_path)
    assert "interrupted" in (tmp_path / "sinusoid" / "table.md").read_text().lower()
