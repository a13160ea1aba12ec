"""check_grads: its verdicts, its reasons, and whose derivatives it takes."""
import warnings

import numpy as np
import pytest

from minimeta import check_grads, defvjp, grad, hvp, primitive
from minimeta.check import GradientError

RNG = np.random.default_rng(0)
X, W = RNG.standard_normal((4, 3)), RNG.standard_normal(3)


def net(x, w):
    return np.sum(np.tanh(x @ w) ** 2)


def net_gradient(x, w):
    return tuple(grad(net, (0, 1))(x, w))


# ---------------------------------------------------------------- our own derivatives

def test_right_derivatives_are_ok_to_order_six():
    report = check_grads(lambda w: np.sum(np.tanh(X @ w)), W, order=6)
    assert report and report.verdict == "OK"
    assert [r.order for r in report.rows] == [1, 2, 3, 4, 5, 6]
    assert all(r.difference <= 1e-9 * abs(r.claimed) + r.bound for r in report.rows)
    assert all(r.relative < 1e-8 for r in report.rows)
    assert [round(s.measured) for s in report.slopes[:4]] == [1, 2, 3, 4]


@pytest.mark.parametrize("f, args", [
    (np.sin, (2.0,)), (np.sin, (np.float64(2.0),)), (np.exp, (np.array([1.0, -2.0]),)),
    (lambda x: np.sum(x * x), (X.T,)),
    (lambda p: np.sum(p["a"] * p["b"][0]), ({"a": W, "b": [W]},)),
    (lambda x, n: x ** n, (1.5, 3)), (lambda x: np.outer(x, x), (W,)),
    (lambda x: (np.sum(x), x * x), (W,)), (lambda x: 3.0, (W,)), (np.sum, (np.zeros((0, 3)),)),
    (lambda x: np.sum(np.tanh(x)), (X.astype(np.float32),))], ids=range(11))
def test_ordinary_functions_are_ok(f, args):
    report = check_grads(f, *args)
    assert report, report


def test_a_wrong_rule_is_caught_at_the_order_at_which_it_is_wrong():
    @primitive
    def sine(x):
        return np.sin(x)

    @primitive
    def cosine(x):
        return np.cos(x)
    defvjp(sine, lambda g, y, x: g * cosine(x))
    defvjp(cosine, lambda g, y, x: -g * np.sin(x) * (1 + 1e-8))
    verdicts = {r.order: r.verdict for r in check_grads(lambda x: np.sum(sine(x)), W).rows}
    assert verdicts == {1: "OK", 2: "WRONG"}


def test_a_rule_that_is_not_linear_fails_the_adjoint_test():
    @primitive
    def double(x):
        return 2 * x
    defvjp(double, lambda g, y, x: 2 * g * g ** 0.01)
    tests = {t.name.split(",")[0]: t.verdict for t in check_grads(double, 1.0).tests}
    assert tests["adjoint"] == "WRONG"


# ---------------------------------------------------------------- somebody else's

def test_the_wrong_entry_is_named():
    def df(x, w):
        gx, gw = net_gradient(x, w)
        gx = gx.copy()
        gx[2, 1] += 1e-9
        return gx, gw
    report = check_grads(net, X, W, df=df, order=1)
    wrong, = (r for r in report.rows if r.verdict == "WRONG")
    assert (wrong.argument, wrong.entry) == ("x", "[2, 1]")
    assert abs(wrong.difference - 1e-9) < 1e-11 and wrong.bound < 1e-10
    assert not report and "[2, 1]" in str(report)


def test_a_value_may_come_with_the_gradient_and_is_compared():
    right = check_grads(net, X, W, df=lambda x, w: (net(x, w), net_gradient(x, w)), order=1)
    wrong = check_grads(net, X, W, df=lambda x, w: (net(x, w) + 1e-9, net_gradient(x, w)), order=1)
    assert right and wrong.verdict == "WRONG" and wrong.tests[0].name == "value of df and of f"


def test_a_jacobian_is_checked():
    A = RNG.standard_normal((5, 3))
    assert check_grads(lambda w: A @ w, W, df=lambda w: A, order=1)
    B = A.copy()
    B[4, 0] += 1e-8
    report = check_grads(lambda w: A @ w, W, df=lambda w: B, order=1)
    assert report.verdict == "WRONG" and report.rows[0].entry == "[0] of output 4"


def test_a_gradient_that_cannot_be_followed_needs_an_hvp_for_order_two():
    def df(w):
        return np.array([2 * float(v) for v in w])       # reads the values: not to be followed
    assert check_grads(lambda w: np.sum(w * w), W, df=df).rows[-1].order == 1
    report = check_grads(lambda w: np.sum(w * w), W, df=df, order=2)
    assert [r.verdict for r in report.rows] == ["OK", "INCONCLUSIVE"]
    assert "give hvp" in report.rows[1].reason
    assert check_grads(lambda w: np.sum(w * w), W, df=df, hvp=lambda w, v: 2 * v)


def test_a_wrong_hvp_is_caught():
    def df(x):
        return grad(lambda x: np.sum(np.sin(x) * x[::-1]))(x)

    def product(x, v):
        return hvp(lambda x: np.sum(np.sin(x) * x[::-1]), x, v) + 1e-7 * v[0]
    report = check_grads(lambda x: np.sum(np.sin(x) * x[::-1]), W, df=df, hvp=product)
    assert [r.verdict for r in report.rows] == ["OK", "WRONG"]
    assert {t.verdict for t in report.tests if "symmetry" in t.name} == {"WRONG"}


def test_orders_above_an_hvp_are_refused():
    report = check_grads(lambda w: np.sum(w * w), W, order=3, df=lambda w: np.array(w.tolist()) * 2,
                         hvp=lambda w, v: 2 * v)
    assert report.rows[-1].verdict == "INCONCLUSIVE" and report.rows[-1].order == 3


def test_a_wrong_entry_among_ten_thousand_is_found_by_bisection_at_order_two():
    A = RNG.standard_normal((100, 100)) / 10
    x = RNG.standard_normal((100, 100))

    def f(x):
        return np.sum(np.tanh(A * x)) + np.sum(x[0] * x[1])

    def wrong(x, v):
        H = hvp(f, x, v).copy()
        H[37, 11] += 1e-3 * v[64, 5]
        return H
    rows = check_grads(f, x, df=grad(f), hvp=wrong, full=False, directions=1).rows
    assert rows[1].verdict == "WRONG" and rows[1].entry == "[64, 5] by x[37, 11]"
    assert rows[1].resolution < 1e-8


# ---------------------------------------------------------------- what cannot be verified

@pytest.mark.parametrize("x", [0.0, 1e-17, 1e-12, 1e-9])
@pytest.mark.parametrize("f", [np.abs, lambda x: np.maximum(x, 0.0), lambda x: np.sum(
    np.abs(np.stack([x, 1.0 + x])))])
def test_a_kink_is_told(f, x):
    row = check_grads(f, x, order=1).rows[0]
    assert row.verdict == "INCONCLUSIVE" and row.reason.startswith("kink: one-sided slopes")


def test_a_kink_at_a_distance_does_no_harm():
    for distance in (1e-6, 1e-3, 0.5):
        assert check_grads(lambda x: np.maximum(x - 1, 0.0), 1 + distance)
        assert check_grads(lambda x: np.maximum(x - 1, 0.0), 1 + distance,
                           df=lambda x: 1.0 + 1e-4, order=1).verdict == "WRONG"


def test_a_kink_is_no_excuse_for_a_wrong_gradient_beside_it():
    report = check_grads(np.abs, 0.0, df=lambda x: 3.0 * np.sign(x), order=1)
    row, = report.rows
    assert report.verdict == "WRONG" and "beside a kink" in row.reason
    assert (row.claimed, row.numeric) == (3, 1) and row.difference > row.bound


def test_a_jump_of_the_gradient_is_told_at_order_two():
    row = check_grads(np.abs, 0.0).rows[1]
    assert row.verdict == "INCONCLUSIVE" and "jumps" in row.reason


def test_a_unit_that_dies_further_on_is_no_false_alarm():
    x, y = RNG.standard_normal((20, 30)), RNG.standard_normal(20)

    def loss(w):
        return np.mean((np.maximum(x @ w, 0) @ np.ones(40) / 6 - y) ** 2)
    assert check_grads(loss, RNG.standard_normal((30, 40)) / 5).verdict == "OK"


def test_the_edge_of_the_domain_is_told():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for f, x in ((np.sqrt, 0.0), (np.log, 0.0), (lambda x: x * np.nan, 1.0)):
            report = check_grads(f, x)
            assert report.verdict == "INCONCLUSIVE" and "edge of the domain" in str(report)


def test_what_round_off_hides_is_told():
    def f(x):
        return 1e8 + 1e-8 * np.sin(x)
    row = check_grads(f, 1.0, df=lambda x: 5e-9 * np.cos(x), order=1).rows[0]
    assert row.verdict == "INCONCLUSIVE" and row.reason.startswith("noise floor")


def test_randomness_is_told_and_can_be_allowed():
    rng = np.random.default_rng(0)

    def f(x):
        return np.sum(x * x) + 1e-9 * rng.uniform()
    report = check_grads(f, W, order=1)
    assert report.verdict == "INCONCLUSIVE" and "nondeterminism" in report.rows[0].reason
    assert check_grads(f, W, order=1, nondet_tol=1e-8)
    assert check_grads(f, W, order=1, nondet_tol=1e-8, df=lambda x: 2.1 * x).verdict == "WRONG"


# ---------------------------------------------------------------- usage

def test_it_is_deterministic_under_its_seed():
    a, b, c = (str(check_grads(net, X, W, full=False, seed=s)) for s in (1, 1, 2))
    assert a == b != c


@pytest.mark.parametrize("call, error, words", [
    (lambda: check_grads(np.sin, 3), TypeError, "astype"),
    (lambda: check_grads(net, X, W, argnums=2), ValueError, "argnums"),
    (lambda: check_grads(net, X, W, argnums=(0, np.array)), TypeError, "not supported"),
    (lambda: check_grads(net, X, W, order=0), ValueError, "at least 1"),
    (lambda: check_grads(net, X, W, full="yes"), ValueError, "auto"),
    (lambda: check_grads(net, X, W, hvp=np.sin), ValueError, "give df"),
    (lambda: check_grads(net, X, W, df=lambda x, w: w), ValueError, r"expected \[\(4, 3\), \("),
    (lambda: check_grads(net, X, W, df=net_gradient, hvp=lambda x, w, v: w), ValueError, "hvp"),
])
def test_bad_calls_say_the_cure(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_function_that_writes_into_its_argument_is_told():
    def f(x):
        x -= np.mean(x)
        return np.sum(x ** 3)
    with pytest.raises(ValueError, match="writes into its argument x: let it work on a copy"):
        check_grads(f, W.copy())


@pytest.mark.parametrize("result", [None, "text", []])
def test_a_function_that_returns_no_numbers_is_told(result):
    with pytest.raises(TypeError, match="no numbers: return a number"):
        check_grads(lambda x: result, W)


def test_it_says_how_many_entries_are_wrong():
    report = check_grads(lambda w: np.sum(w * w), W, df=lambda w: 2.01 * w)
    assert "3 of 3 entries are wrong" in report.rows[0].reason


def test_an_error_of_the_function_itself_comes_through():
    with pytest.raises(KeyError, match="planted"):
        check_grads(lambda x: {}["planted"], 1.0)


def test_inputs_are_left_alone():
    x, w = X.copy(), W.copy()
    x.flags.writeable = w.flags.writeable = False
    assert check_grads(net, x, w)
    assert np.array_equal(x, X) and np.array_equal(w, W)


def test_argnums_choose_the_arguments():
    assert {r.argument for r in check_grads(net, X, W, argnums=1).rows} == {"w"}
    report = check_grads(net, X, W, argnums=1, df=lambda x, w: net_gradient(x, w)[1])
    assert report, report


def test_raise_if_wrong():
    assert check_grads(np.sin, 1.0).raise_if_wrong()
    with pytest.raises(GradientError, match="WRONG: sin"):
        check_grads(np.sin, 1.0, df=np.sin).raise_if_wrong()


def test_complex_inputs():
    z = np.array([1.0 + 2j, 0.3 - 1j])

    def f(z):
        return np.sum((z * z * z.conj()).real)          # x (x^2 + y^2)

    def df(z):                                          # df/dx - i df/dy
        return 3 * z.real ** 2 + z.imag ** 2 - 2j * z.real * z.imag
    assert check_grads(f, z, df=df, order=1)
    wrong = check_grads(f, z, df=lambda z: df(z).conj(), order=1)
    assert wrong.verdict == "WRONG" and wrong.rows[0].entry == "[0, 'imag']"
