"""The report: as text of 100 columns, as JSON, as a picture."""
import json

import numpy as np
import pytest

from minimeta import check_grads
from minimeta.check.report import cut
from tests.check.test_grads import X, W, net


def longest(report):
    return max(map(len, str(report).splitlines()))


@pytest.fixture(scope="module")
def report():
    return check_grads(net, X, W)


def test_it_fits_a_hundred_columns(report):
    def a_function_whose_name_is_much_longer_than_anybody_would_wish_for_in_a_report(
            an_argument_with_a_long_name_of_its_own):
        leaves = an_argument_with_a_long_name_of_its_own.values()
        return sum(np.sum(np.tanh(v * 1e8)) for v in leaves)
    tree = {f"layer {i} of a deep network, its weights": -1e-8 * X for i in range(3)}
    long = check_grads(a_function_whose_name_is_much_longer_than_anybody_would_wish_for_in_a_report,
                       tree)
    assert longest(report) <= 100 and longest(long) <= 100


def test_what_is_printed_is_what_the_verdict_used(report):
    for r in report.rows:
        assert (r.verdict == "WRONG") == (r.difference > r.bound)
        assert f"{r.bound:.1e}" in str(report)


def test_json_is_read_back(report):
    found = json.loads(report.to_json())
    assert found["verdict"] == "OK" and len(found["rows"]) == 4
    assert found["rows"][0]["claimed"] == report.rows[0].claimed
    edge = json.loads(check_grads(np.sqrt, 0.0, order=1).to_json())
    assert edge["rows"][0]["bound"] is None


def test_a_picture_is_drawn(report, tmp_path):
    figure = report.plot(tmp_path / "report.png")
    assert (tmp_path / "report.png").stat().st_size > 10_000
    left, right = figure.axes
    assert len(left.lines) == 2 * len(report.rows)
    assert len(right.lines) == 2 * len(report.slopes)


def test_a_picture_of_nothing_but_reasons_is_drawn(tmp_path):
    check_grads(np.log, -1.0).plot(tmp_path / "edge.png")
    assert (tmp_path / "edge.png").exists()


def test_long_names_are_cut():
    assert cut("abcdef", 6) == "abcdef" and len(cut("abcdefg", 6)) == 6
