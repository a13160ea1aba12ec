"""The pytest plugin: a fixture that fails a test whose gradient is wrong.

    def test_loss(check_grads):
        check_grads(loss, w, x)

It stands beside the package because pytest loads it at every start, with or without such tests,
and importing anything of the package imports NumPy.

Read next: minimeta/check/grads.py.
"""
import pytest

NIGHTLY = "gradients_nightly"               # the marker, and the option's name in config
DEEP_ORDER, DEEP_DIRECTIONS = 3, 10


def pytest_addoption(parser):
    """--gradients-nightly; no shorter name, lest it be somebody's already."""
    parser.getgroup("minimeta", "gradients").addoption(
        "--gradients-nightly", action="store_true", dest=NIGHTLY,
        help=f"fixture check_grads: order {DEEP_ORDER}, every entry, {DEEP_DIRECTIONS} directions; "
             f"and the tests marked {NIGHTLY}")


def pytest_configure(config):
    """The marker is known, also to --strict-markers."""
    config.addinivalue_line("markers", f"{NIGHTLY}: run only with --gradients-nightly")


def pytest_collection_modifyitems(config, items):
    """Tests marked gradients_nightly are skipped without the option."""
    if not config.getoption(NIGHTLY):
        skip = pytest.mark.skip(reason="runs with --gradients-nightly")
        for item in items:
            if item.get_closest_marker(NIGHTLY):
                item.add_marker(skip)


@pytest.fixture(scope="session")            # Hypothesis refuses fixtures that are made per test
def check_grads(pytestconfig):
    """minimeta.check.check_grads, which fails the test unless the verdict is OK.

    check_grads(f, *args, allow_inconclusive=False, **options) -> Report.  WRONG raises
    GradientError; INCONCLUSIVE fails too, for nothing has been checked, unless it is allowed.
    Options are those of minimeta.check.check_grads.  Defaults that differ: order=1 with df and
    without hvp; with --gradients-nightly order=3 (without df), full=True, directions=10.
    """
    deep = pytestconfig.getoption(NIGHTLY)

    def check(f, *args, allow_inconclusive=False, **options):
        __tracebackhide__ = True            # the test's own line is the one to look at
        from minimeta.check import GradientError, check_grads
        by_hand = options.get("df") is not None
        if by_hand and options.get("hvp") is None:
            options.setdefault("order", 1)
        if deep:
            options = {"order": 2 if by_hand else DEEP_ORDER, "full": True,
                       "directions": DEEP_DIRECTIONS} | options
        report = check_grads(f, *args, **options)
        if report.verdict == "WRONG":
            raise GradientError(str(report))
        if report.verdict == "INCONCLUSIVE" and not allow_inconclusive:
            pytest.fail(f"{report}\n\nNothing was proved: check at another point, or say "
                        "allow_inconclusive=True")
        return report
    return check
