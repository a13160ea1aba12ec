"""The pytest plugin, in pytest runs of its own."""
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytest_plugins = ["pytester"]
CASES = """\
import numpy as np
import pytest
from minimeta.check import GradientError, Report

def square(x):
    return np.sum(x * x)

x = np.array([0.5, -1.5])
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """The plugin is loaded by its name: where minimeta is installed, its entry point is not."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def run(pytester, source, *arguments):
    pytester.makepyfile(CASES + source)
    return pytester.runpytest_inprocess("-p", "minimeta_pytest", "-p", "no:cacheprovider",
                                        "--strict-markers", *arguments)


def test_right_gradients_pass(pytester):
    done = run(pytester, """
def test_ours(check_grads):
    report = check_grads(square, x)
    assert isinstance(report, Report) and report
    assert {row.order for row in report.rows} == {1, 2}

def test_by_hand(check_grads):
    report = check_grads(square, x, df=lambda x: 2 * x)
    assert {row.order for row in report.rows} == {1}

def test_order_is_the_testers(check_grads):
    report = check_grads(square, x, df=lambda x: 2 * x, order=2)
    assert {row.order for row in report.rows} == {1, 2}
    report = check_grads(square, x, df=lambda x: 2 * x, hvp=lambda x, v: 2 * v)
    assert {row.order for row in report.rows} == {1, 2}
""")
    done.assert_outcomes(passed=3)


def test_a_wrong_gradient_fails_at_the_tests_own_line(pytester):
    done = run(pytester, """
def test_wrong(check_grads):
    check_grads(square, x, df=lambda x: 2.01 * x)

def test_wrong_in_spite_of_all(check_grads):
    with pytest.raises(GradientError):
        check_grads(square, x, df=lambda x: -2 * x, allow_inconclusive=True)
""")
    done.assert_outcomes(failed=1, passed=1)
    done.stdout.fnmatch_lines([">*check_grads(square, x, df=lambda x: 2.01 [*] x)",
                               "E*GradientError: WRONG: square = 2.5"])
    assert "minimeta_pytest.py" not in done.stdout.str()


def test_inconclusive_fails_unless_it_is_allowed(pytester):
    done = run(pytester, """
def corner(x):
    return np.sum(np.abs(x))

def test_corner(check_grads):
    check_grads(corner, np.zeros(2))

def test_allowed(check_grads):
    assert check_grads(corner, np.zeros(2), allow_inconclusive=True).verdict == "INCONCLUSIVE"
""")
    done.assert_outcomes(failed=1, passed=1)
    done.stdout.fnmatch_lines(["*INCONCLUSIVE: corner = 0", "*Nothing was proved: *"])


DEPTH = """
@pytest.mark.gradients_nightly
def test_long(check_grads):
    pass

def test_depth(check_grads, pytestconfig):
    many = np.arange(1.0, 51.0)
    deep = pytestconfig.getoption("gradients_nightly")
    rows = check_grads(square, many).rows
    assert max(row.order for row in rows) == (3 if deep else 2)
    assert [row.checked for row in rows if row.order == 2] == [
        "each of 50 entries" if deep else "3 directions"]
    rows = check_grads(square, many, df=lambda x: 2 * x, hvp=lambda x, v: 2 * v).rows
    assert max(row.order for row in rows) == 2
    rows = check_grads(square, many, order=1, full=False).rows
    assert {row.checked for row in rows} == {"10 directions" if deep else "3 directions"}
"""


def test_nightly_is_deeper(pytester):
    run(pytester, DEPTH).assert_outcomes(passed=1, skipped=1)
    run(pytester, DEPTH, "--gradients-nightly").assert_outcomes(passed=2)


def test_the_option_leaves_others_theirs(pytester):
    """Somebody's own --nightly, as in our own conftest.py, is another option."""
    pytester.makeconftest("""
def pytest_addoption(parser):
    parser.addoption("--nightly", action="store_true")
""")
    run(pytester, DEPTH, "--nightly").assert_outcomes(passed=1, skipped=1)


def test_hypothesis_accepts_the_fixture(pytester):
    done = run(pytester, """
from hypothesis import given, settings
from minimeta.testing import arrays

@settings(max_examples=5, derandomize=True, database=None, deadline=None)
@given(x=arrays((2,)))
def test_given(check_grads, x):
    assert check_grads(square, x, order=1)
""", "-p", "_hypothesis_pytestplugin")
    done.assert_outcomes(passed=1)


LIGHT = """
import sys
HEAVY = {"numpy", "scipy", "matplotlib", "hypothesis", "torch", "jax", "click", "rich", "minimeta"}

def test_nothing_is_imported_at_the_start():
    assert "minimeta_pytest" in sys.modules
    assert not HEAVY & set(sys.modules)

def test_the_fixture_brings_numpy(check_grads):
    assert check_grads(lambda x: x * x, 3.0)
    assert "numpy" in sys.modules
    assert not {"matplotlib", "hypothesis", "torch", "jax"} & set(sys.modules)
"""


@pytest.mark.parametrize("first, outcome", [("", {"passed": 2}),
                                            ("import numpy", {"passed": 1, "failed": 1})])
def test_loading_the_plugin_is_light(pytester, first, outcome):
    """In a process of its own; an import of NumPy, planted, is found."""
    pytester.makepyfile(first + LIGHT)
    done = pytester.runpytest_subprocess("-p", "minimeta_pytest", "-p", "no:cacheprovider")
    done.assert_outcomes(**outcome)


def test_the_entry_point_names_the_module():
    import configparser
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    name, _, module = config["options.entry_points"]["pytest11"].strip().partition(" = ")
    assert name == "minimeta" and (ROOT / f"{module}.py").exists()
    assert module in config["options"]["py_modules"].split()


def test_help_and_markers(pytester):
    done = pytester.runpytest_inprocess("-p", "minimeta_pytest", "--help")
    done.stdout.fnmatch_lines(["*--gradients-nightly*"])
    done = pytester.runpytest_inprocess("-p", "minimeta_pytest", "--markers")
    done.stdout.fnmatch_lines(["@pytest.mark.gradients_nightly: run only with --gradients-nightly"])
