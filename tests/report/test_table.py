"""Tables hold what was measured, in words and numbers that fit."""
import json
import math

import numpy as np
import pytest

from minimeta.report import as_json, as_markdown, as_rich
from minimeta.report.folder import dumps
from minimeta.report.table import NONE, blocks, cells, columns, number
from minimeta.run import Score


def rows(comparison):
    heads = columns(comparison)
    return {r.method: dict(zip(heads, cells(comparison, r), strict=True))
            for r in comparison.results}


@pytest.mark.parametrize("score, regression, text", [
    (None, True, NONE),
    (Score(0.10449, 0.00361, 9, 0.1), True, "0.104 ± 0.004"),
    (Score(0.98125, 0.0021, 9, 1.0), False, "98.1 ± 0.2 %"),
    (Score(math.inf, math.inf, 9, 1.0), True, "inf"),
    (Score(3.2e7, 1.6e7, 9, 1.0), True, "3.2e+07 ± 2e+07"),
    (Score(0.5, math.inf, 1, 0.5), False, "50.0 %"),
])
def test_a_score_is_printed_with_its_interval(score, regression, text):
    assert number(score, regression) == text


def test_the_sinusoid_table(sinusoid):
    table = rows(sinusoid)
    assert table["maml"]["2nd order"] == "yes" and table["fomaml"]["2nd order"] == "no"
    assert table["maml"]["iterations"] == "20" and table["maml"]["tasks/it."] == "25"
    assert table["maml"]["weights"] == "1,761" and table["maml"]["network"] == "mlp 1-40-40-1"
    results = {r.method: r for r in sinusoid.results}
    for steps, head in ((0, "before"), (1, "1 step"), (5, "5 steps"), (10, "10 steps")):
        assert table["maml"][head] == number(results["maml"].scores[steps], True)
    assert table["maml"]["median"] == f"{results['maml'].after.median:.3f}"
    assert table["prototypical"]["before"] == "classification only"
    assert table["matching"]["before"] == NONE
    assert table["matching"]["no steps"] == number(results["matching"].after, True)
    assert table["joint"]["10 steps"] == NONE and "±" in table["joint"]["before"]


def test_the_image_table(images):
    table = rows(images)
    assert table["maml"]["batch norm"] == "batch (transductive)"
    assert table["maml"]["network"] == "conv4 strided, 2 filters"
    assert table["matching"]["network"] == "conv4, 2 filters"
    assert table["maml"]["steps"] == "10" and table["matching"]["steps"] == NONE
    assert table["maml"]["after"].endswith("%")
    assert table["joint"]["before"] == "regression only"


def test_markdown_has_a_cell_for_every_head(sinusoid, images):
    for comparison in (sinusoid, images):
        lines = [x for x in as_markdown(comparison).splitlines() if x.startswith("|")]
        assert len(lines) == 2 + len(comparison.results)
        assert len({line.count("|") for line in lines}) == 1
    text = as_markdown(images)
    assert "n = 3 test tasks" in text and "test " + images.hashes["test"] in text


def test_json_is_strict_and_complete(sinusoid, images):
    for comparison in (sinusoid, images):
        found = json.loads(dumps(as_json(comparison)), parse_constant=pytest.fail)
        assert [row["method"] for row in found["methods"]] == list(comparison.settings.methods)
    maml = found["methods"][0]
    assert maml["after"]["n"] == 3
    assert maml["after_steps"][-1] == {"steps": 10} | maml["after"]
    assert set(maml["measured"]) == {"ms_per_step", "peak_mb", "training_seconds"}
    assert len(maml["curve"]["steps"]) == len(maml["curve"]["loss"]) == 2


def test_numbers_that_are_not_finite_become_null(sinusoid):
    results = sinusoid.results
    kept, results[0].scores[10] = results[0].scores[10], Score(math.inf, math.inf, 4, np.nan, 1.0)
    try:
        found = json.loads(dumps(as_json(sinusoid)), parse_constant=pytest.fail)
    finally:
        results[0].scores[10] = kept
    assert found["methods"][0]["after"]["mean"] is None


def test_columns_that_do_not_fit_go_on_below():
    table = [["name", "aa", "bbbb", "c"], ["x", "1", "2", "333333"]]
    assert blocks(table, 100) == [[0, 1, 2, 3]]
    assert blocks(table, 19) == [[0, 1, 2], [0, 3]]
    assert blocks(table, 1) == [[0, 1], [0, 2], [0, 3]]


@pytest.mark.parametrize("width", [80, 120, 1000])
def test_nothing_is_cut_off_on_a_terminal(sinusoid, images, width):
    from rich.console import Console
    for comparison in (sinusoid, images):
        console = Console(width=width, record=True, file=open("/dev/null", "w"))
        console.print(as_rich(comparison, width))
        text = console.export_text()
        assert "…" not in text
        for result in comparison.results:
            for cell in cells(comparison, result):
                assert cell in text
