"""einsum in every form, real and complex, against differences; diagonals, broadcasting, errors."""
import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from minimeta import defvjp, grad, vjp
from minimeta.autodiff.rules import einsum as rules
from minimeta.autodiff.table import RULES
from tests.autodiff.several import COMPLEX, REAL, check_function, check_value, draw

KINDS = pytest.mark.parametrize("kind", [REAL, COMPLEX])
CASES = [
    ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("ij, jk, k", (2, 3), (3, 2), (2,)),
    ("i,j,k->ijk", (2,), (3,), (2,)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 3)),
    ("ab,ab,bc,cd,de->ae", (2, 3), (2, 3), (3, 2), (2, 2), (2, 3)), (",ij->ij", (), (2, 3)),
    # one operand: summed, transposed, as it is
    ("ij->", (2, 3)), ("ij->j", (2, 3)), ("ij->ji", (2, 3)), ("ji", (2, 3)), ("...->...", (2,)),
    # diagonals
    ("ii->i", (3, 3)), ("ii", (3, 3)), ("bii->b", (2, 3, 3)), ("iij->ij", (2, 2, 3)),
    ("iii", (2, 2, 2)), ("iijj->ij", (2, 2, 3, 3)), ("iji->j", (2, 3, 2)),
    ("ii,i->i", (3, 3), (3,)), ("ii,ii->", (2, 2), (2, 2)),
    ("ii,jj->ij", (2, 2), (3, 3)), ("...ii->...i", (2, 3, 3)),
    # an ellipsis of different lengths, broadcast
    ("...ij,...jk->...ik", (4, 2, 3), (3, 2)), ("...ij,...jk", (2, 1, 2, 3), (3, 3, 2)),
    ("i...,i...->...", (2, 3), (2, 1)), ("...", (2, 3)), ("i...->...", (2, 3)), ("...i", (2, 3)),
    # a letter of lengths 1 and n
    ("ij,ij->ij", (1, 3), (2, 3)), ("i,i->", (1,), (3,)), ("ij,j->i", (2, 1), (3,)),
    ("ii,i->i", (3, 3), (1,)), ("ij,kl->", (2, 3), (2, 2))]


def operands(kind, shapes):
    return [np.asarray(draw(kind, *shape, seed=i)) for i, shape in enumerate(shapes)]


@KINDS
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_subscripts(case, kind):
    subscripts, *shapes = case
    check_function(lambda *a: np.einsum(subscripts, *a), *operands(kind, shapes), orders=3)


@pytest.mark.nightly
@KINDS
@pytest.mark.parametrize("optimize", [True, "greedy", "optimal"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_every_way_to_contract(case, optimize, kind):
    subscripts, *shapes = case
    check_function(lambda *a: np.einsum(subscripts, *a, optimize=optimize),
                   *operands(kind, shapes), orders=3)


@pytest.mark.parametrize("optimize", [True, "optimal", ["einsum_path", (1, 2), (0, 1)]], ids=str)
def test_optimize(optimize):
    shapes = (2, 3), (3, 4), (4, 2)
    check_function(lambda *a: np.einsum("ij,jk,kl->il", *a, optimize=optimize),
                   *operands(REAL, shapes))


@pytest.mark.parametrize("f", [
    lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2]),
    lambda a, b: np.einsum(a, [3, 1], b, [1, 0]),
    lambda a, b: np.einsum(a, [27, 1], b, [1, 2]), lambda a, b: np.einsum(a, (0, 1), b, (1, 0), ()),
    lambda a, b: np.einsum(a, [..., 1], b, [1, 2], [..., 2])], ids=range(5))
def test_lists_of_labels(f):
    check_function(f, *operands(REAL, [(2, 3), (3, 2)]))


def test_one_array_as_several_operands_and_lists_as_operands():
    check_function(lambda a: np.einsum("ij,ij,kj->k", a, a, a), draw(REAL, 2, 3), orders=3)
    check_function(lambda a: np.einsum("i,ij->j", [1.0, 2.0], a), draw(REAL, 2, 3))


def test_against_autograd():
    a, b = operands(REAL, [(2, 3, 4), (4, 3)])
    for subscripts in ("ijk,kj->i", "ijk,kl->", "...jk,kj->..."):
        ours = grad(lambda a, b: np.sum(np.einsum(subscripts, a, b) ** 2), (0, 1))(a, b)
        theirs = autograd.grad(lambda x: anp.sum(anp.einsum(subscripts, x[0], x[1]) ** 2))((a, b))
        for mine, other in zip(ours, theirs):
            np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_a_large_contraction_is_handed_to_matrix_products(monkeypatch):
    ways = []

    def spy(*operands, optimize=False, **kwargs):
        ways.append(optimize)
        return contract(*operands, optimize=optimize, **kwargs)
    contract = rules.contract
    monkeypatch.setattr(rules, "contract", spy)
    for n in (3, 40):
        a = draw(REAL, n, n)
        vjp(lambda a: np.einsum("ij,jk->ik", a, np.ones((n, n))), a)[1](a)
    assert ways == [False, False, False, True]      # forwards as asked for, backwards as pays


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_single_precision_is_kept(dtype):
    a = draw(REAL, 3, 3).astype(dtype)
    for subscripts in ("ii->i", "ij->i", "ij,jk,kl", "ii,jj"):
        n = 1 + subscripts.count(",")
        check_value(lambda a: np.einsum(subscripts, *[a] * n), a, rtol=1e-5)


def test_the_other_operand_decides_the_cotangents_kind_no_more_than_the_operand():
    z = draw(COMPLEX, 3, 2)
    check_function(lambda a: np.einsum("ij,jk->ik", a, z), draw(REAL, 2, 3))


@pytest.mark.parametrize("call, error, words", [
    (lambda a: np.einsum("ij,jk", a), ValueError, "names 2 operands, got 1"),
    (lambda a: np.einsum("ijk", a), ValueError, "array of 2 axes"),
    (lambda a: np.einsum("i", a), ValueError, "array of 2 axes"),
    (lambda a: np.einsum("...i->i", a), ValueError, "the output must have the ellipsis"),
    (lambda a: np.einsum("ij->k", a), ValueError, "'k'"),
    (lambda a: np.einsum("ij->i", a, out=np.ones(2)), TypeError, "returned array"),
    (lambda a: np.einsum("ij->i", a, dtype=np.float32), TypeError, "astype"),
    (lambda a: np.einsum("ij,jk", a, np.ones((4, 4))), ValueError, "broadcast")], ids=range(8))
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        vjp(call, draw(REAL, 2, 3))


def test_einsum_path_is_plain():
    paths = []
    grad(lambda a: paths.append(np.einsum_path("ij,jk", a, a)[0]) or np.sum(a))(np.ones((2, 2)))
    assert paths == [["einsum_path", (0, 1)]]


def test_a_wrong_rule_is_caught():
    """The diagonal of a diagonal, forgotten."""
    fn = rules.contract._primitive
    right = RULES[fn]

    def wrong(i, g, y, *operands, **static):
        return right.each(i, g, y, *operands, **static) * (operands[i] != 0) * 1.001
    defvjp(fn, each=wrong)
    try:
        with pytest.raises(AssertionError):
            check_function(lambda a: np.einsum("ii->i", a), draw(REAL, 3, 3))
    finally:
        RULES[fn] = right
