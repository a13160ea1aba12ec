"""`minimeta verify` as a person meets it: the table, figures, JSON, losses of one's own, errors."""
import json

import pytest
from click.testing import CliRunner
from PIL import Image

from minimeta.cli.main import main
from minimeta.theory import THEOREMS, Theorem, gap

SOURCE = """\
import numpy as np
from minimeta import defvjp, primitive

FIELD = np.array([0.27, -0.46, -0.92])

def smooth(t):
    return np.sum(np.log1p(np.exp(np.sin(t)))) + np.sum(t * t) / 3

def quadratic(t):
    return 0.5 * t @ np.diag([2.0, 1.0, 0.5]) @ t

def net(t):
    return np.sum(np.maximum(np.array([[1.0, 2.0, -1.0], [0.5, -0.3, 0.2]]) @ t + 1, 0) ** 2)

def kink(t):
    return np.sum(np.maximum(t - np.array([0.25, -0.5, -0.9]), 0) ** 2)

@primitive
def turned(t):
    return np.sum(t * t)

defvjp(turned, lambda g, y, t: g * np.roll(t, 1))

def wrong_rule(t):
    return turned(t) + np.sum(t ** 4)

def constant(t):
    return 3.0

def flat(t):
    return np.sum(np.maximum(t - 5, 0))

def cut(t):
    return float(np.sum(t * t))

def vector(t):
    return 2 * t

def word(t):
    return "low"

def nothing(t):
    pass

def single(t):
    return np.sum(t.astype(np.float32))

def logarithm(t):
    return np.sum(np.log(t - 5))

def four(t):
    return np.sum((t - np.ones(4)) ** 2)

def huge(t):
    return 1e200 * np.sum(t ** 2)

def tiny(t):
    return 1e-200 * np.sum(t ** 2)

def sometimes(t):
    if t[0] > 0.3:
        raise ValueError("too far")
    return np.sum(np.exp(-t))
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A file of losses in the current directory; the name that --loss takes."""
    (tmp_path / "losses_of_mine.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return "losses_of_mine.py:{}".format


def verify(*arguments):
    return CliRunner().invoke(main, ["verify", *map(str, arguments)],
                              env={"COLUMNS": "100"}, standalone_mode=True)


def test_all_theorems_hold_in_a_table_of_100_columns():
    done = verify()
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and max(map(len, lines)) <= 100
    rows = [line for line in lines if line.split() and line.split()[0] in THEOREMS]
    assert [row.split()[0] for row in rows] == list(THEOREMS)
    for row, theorem in zip(rows, THEOREMS.values()):
        assert theorem.title in row and row.endswith(" holds")
        assert row.count(" < ") == 1 and row.count(" > ") == 1     # a gap, and a counterexample
    assert lines[-1].startswith("All 25 theorems hold, in ")


def test_names_letters_and_details():
    done = verify("c1", "b0", "A1")
    assert [line.split()[0] for line in done.stdout.splitlines()
            if line.endswith(" holds")] == ["A1", "B0", "C1"]
    assert "All 3 theorems hold" in done.stdout and "every Hessian at theta" not in done.stdout
    done = verify("A1", "--details")
    assert "K = 5: every Hessian at theta" in done.stdout and "1 theorem holds" in done.stdout
    first, again, other = (verify("C2", "--details", "--seed", seed).stdout for seed in (3, 3, 4))
    rows = [[line for line in text.splitlines() if " < " in line] for text in (first, again, other)]
    assert rows[0] == rows[1] != rows[2]


def test_a_failing_check_is_shown_and_ends_with_1(monkeypatch):
    module = __import__("minimeta.theory.maml_gradient", fromlist=["product"])
    right = module.product
    monkeypatch.setattr(module, "product", lambda loss, points, v, alpha: right(
        loss, points[::-1], v, alpha))
    done = verify("A1", "B0")
    assert done.exit_code == 1 and "A1 of 2 theorems failed" in done.stdout
    [row] = [line for line in done.stdout.splitlines() if line.startswith("A1  ")]
    assert row.endswith(" FAILS") and ">" in row
    assert "K = 2: the loop's gradient" in done.stdout


def test_json(mine):
    done = verify("A2", "C1", "--json")
    data = json.loads(done.stdout)
    assert done.exit_code == 0 and data["passed"] is True
    assert [t["key"] for t in data["theorems"]] == ["A2", "C1"]
    for t in data["theorems"]:
        assert t["passed"] and t["error"] is None and t["statement"] and t["seconds"] >= 0
        assert {f["kind"] for f in t["findings"]} >= {"gap", "counterexample"}
        assert all(f["passed"] and f["name"] for f in t["findings"])
    assert [f for t in data["theorems"] for f in t["findings"] if f["kind"] == "slope"]


def test_a_number_that_is_not_finite_is_null_in_json(monkeypatch):
    def nan(rng):
        return [gap("nan", float("nan"), 0.0, 1e-9)]
    monkeypatch.setitem(THEOREMS, "C1", Theorem("C1", "t", "s", "m", nan))
    done = verify("C1", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["theorems"][0]["findings"][0]["found"] is None


def test_plot(tmp_path):
    done = verify("A1", "A2", "C5", "--plot", tmp_path / "new" / "figures")
    assert "2 figures in" in done.stdout and " A2, C5." in done.stdout.replace("\n", " ")
    drawn = sorted((tmp_path / "new" / "figures").iterdir())
    assert [path.name for path in drawn] == ["A2.png", "C5.png"]
    for path in drawn:
        with Image.open(path) as image:
            colours = len(image.convert("RGB").getcolors(1 << 20))
            assert min(image.size) > 300 and colours > 20
    done = verify("A1", "--plot", tmp_path)
    assert "No figure was drawn" in done.stdout and "A2, A3" in done.stdout
    assert verify("A2", "--plot", tmp_path, "--json").stdout.startswith("{")


def test_each_expansion_and_each_geometric_theorem_has_a_figure():
    kinds = {key: t.picture.__name__ for key, t in THEOREMS.items() if t.picture is not None}
    assert {"A2", "B1", "B3", "B4"} <= set(kinds)                  # expansions: log-log
    assert {"A5", "B5", "C1", "C3", "C5"} <= set(kinds)            # geometric


@pytest.mark.parametrize("name", ["smooth", "quadratic", "net"])
def test_a_loss_of_ones_own(mine, name):
    done = verify("A1", "A2", "A6", "B0", "B1", "B3", "B5", "--loss", mine(name))
    assert done.exit_code == 0, done.stdout
    assert f"The loss is {mine(name)}, around [ 0.27 -0.46 -0.92] (--seed 0)." in done.stdout
    assert "All 7 theorems hold" in done.stdout


def test_all_that_take_a_loss_are_checked_around_a_vector_of_a_length(mine, tmp_path):
    done = verify("--loss", mine("smooth"), "--dimension", 2, "--plot", tmp_path / "figures")
    assert done.exit_code == 0 and "around [ 0.27 -0.46] " in done.stdout
    checked = [line.split()[0] for line in done.stdout.splitlines() if line.endswith(" holds")]
    assert checked == [key for key, t in THEOREMS.items() if t.generic]
    assert "(of random losses, not of yours)" in done.stdout.replace("\n", " ")


@pytest.mark.parametrize("name, failing", [("kink", "B3"), ("wrong_rule", "B1")])
def test_a_kink_and_a_wrong_rule_are_seen(mine, name, failing):
    done = verify(failing, "B0", "--loss", mine(name))
    assert done.exit_code == 1 and f"{failing} of 2 theorems failed" in done.stdout
    assert "An expansion fails at a kink" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_a_loss_that_raises_on_the_way_is_a_row(mine):
    done = verify("A1", "--loss", mine("sometimes"))
    assert done.exit_code == 1 and " ERROR\n" in done.stdout
    assert "ValueError: too far" in done.stdout and "kink" not in done.stdout


@pytest.mark.parametrize("arguments, said", [
    (("A9",), "unknown theorem 'A9' (known: A1, "),
    (("A1", "--loss", "{constant}"), "the function is constant around [ 0.27 -0.46 -0.92]"),
    (("--loss", "{flat}"), "is constant around [ 0.27 -0.46 -0.92]: if it is not so everywhere, "
     "try another --seed"),
    (("--loss", "{cut}"), "float(), .item() or np.array() inside it cut the derivative off"),
    (("--loss", "{vector}"), "returned shape (3,), not a number: sum it"),
    (("--loss", "{word}"), "returned a str, not a number"),
    (("--loss", "{nothing}"), "returned a NoneType, not a number"),
    (("--loss", "{single}"), "returned float32, not float64"),
    (("--loss", "{logarithm}"), "is not finite at [ 0.27 -0.46 -0.92]"),
    (("--loss", "{four}"), "given a vector of 3 numbers (--dimension)"),
    (("--loss", "{huge}"), "has a gradient of 2e+200"),
    (("--loss", "{tiny}"), "has a gradient of 2e-200"),
    (("--loss", "{smoth}"), "has no function smoth; did you mean smooth?"),
    (("--loss", "{FIELD}"), "is of type ndarray, not a function"),
    (("--loss", "losses_of_mine"), "names no function: write module:function"),
    (("--loss", "losses_of_mien:smooth"), "no module 'losses_of_mien'"),
    (("--loss", "losses_of_mien.py:smooth"), "is not there; did you mean losses_of_mine.py?"),
    (("C1", "--loss", "{smooth}"),
     "C1 cannot be checked on a loss of yours, nor on a GPU; those that can"),
    (("A", "C", "--loss", "{smooth}"), "C cannot be checked on a loss of yours"),
    (("A1", "--dimension", 5), "give --loss, too"),
    (("--loss", "{smooth}", "--dimension", 0), "--dimension"),
    (("A2", "--plot", "losses_of_mine.py/x"), "cannot be written"),
    (("A1", "--seed", -1), "--seed")])
def test_wrong_input_is_one_line_and_ends_with_2(mine, arguments, said):
    filled = [mine(a[1:-1]) if str(a).startswith("{") else a for a in arguments]
    done = verify(*filled)
    assert done.exit_code == 2 and done.stdout == ""
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert done.stderr.startswith("minimeta: ")
