"""`minimeta check` as a person meets it: verdicts, exit codes, one-line errors."""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from minimeta.cli.inputs import draw
from minimeta.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''\
import numpy as np

import planted_neighbour


def loss(w, x, *, scale=1.0):
    """A number of w (n,), x (m, n)."""
    return scale * np.mean(np.tanh(x @ w) ** 2)

def gradient(w, x):
    t = np.tanh(x @ w)
    return 2 * x.T @ (t * (1 - t * t)) / len(x)

def both(w, x):
    t = np.tanh(x @ w)
    g = 2 * t * (1 - t * t) / len(x)
    return x.T @ g, np.outer(g, w)

def sign(w, x):
    t = np.tanh(x @ w)
    return 2 * x.T @ (t * (1 + t * t)) / len(x)

def sine(x):
    print("a word from the function")
    return np.sum(np.sin(x))

def cosine(x):
    return np.cos(x)

def minus_sine(x, v):
    return -np.sin(x) * v

def plus_sine(x, v):
    return np.sin(x) * v

def leave_numpy(x):
    """As PyTorch would: nothing that minimeta can follow."""
    return np.array([float(np.cos(float(t))) for t in x.reshape(-1)]).reshape(x.shape)

def corner(x):
    return np.sum(np.abs(x))

def logarithm(x):
    return np.sum(np.log(x))

def shaky(x, state=[0]):
    state[0] += 1
    return np.sum(x) * state[0]

def clash(w, x):
    return np.sum(
        w @ x)

def silent(x):
    raise AssertionError

def leave(x):
    raise SystemExit(0)

def write(x):
    x[0] = 1.0
    return np.sum(x)

def by_name(a, b=2.0, *, c):
    return np.sum(a ** b * c)

def by_place(a, b=2.0, c=3.0, /):
    return np.sum(a * a * c) + b

def anything(**values):
    return np.sum(values["q"] ** 2)

def many(*values):
    return np.sum(values[0])

def single(x):
    assert x.dtype == np.float32
    return np.sum(x * x)

def power(x, n):
    return np.sum(x ** n)

def make_case():
    w = {"a": np.array([0.5, -1.5]), "b": np.array(0.25)}
    return (lambda w: np.sum(w["a"] ** 2) * w["b"]), (w,)

def make_wrong():
    return sine, (np.array([0.5]),), {"df": lambda x: -np.cos(x)}

def make_nothing():
    return 3

def make_error():
    raise KeyError("weights")

number = 3
'''


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Run in a folder of its own, with the file above, and forget it afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "planted.py").write_text(SOURCE)
    (tmp_path / "planted_neighbour.py").write_text("")
    (tmp_path / "syntax.py").write_text("x = 1\ndef f(x:\n")
    (tmp_path / "needs.py").write_text("\nimport a_package_that_is_not_there\n")
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit()\n")
    (tmp_path / "folder").mkdir()
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "batch.npz", w=rng.normal(size=3), x=rng.normal(size=(5, 3)),
             n=np.array(3), q=rng.normal(size=3).astype(np.float32))
    np.savez(tmp_path / "zeros.npz", x=np.zeros(3))
    np.save(tmp_path / "one.npy", np.ones(3))
    np.savez(tmp_path / "objects.npz", x=np.array([{}], dtype=object))
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def check(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


WX = ["--shape", "w=3", "--shape", "x=5,3"]
X = ["--shape", "x=2,3"]


# ---------------------------------------------------------------- verdicts

@pytest.mark.parametrize("arguments, code", [
    (["planted.py:loss", *WX], 0),
    (["planted:loss", *WX], 0),
    (["planted:loss", "--inputs", "batch.npz"], 0),
    (["planted:loss", "--inputs", "batch.npz", "--df", "planted:gradient", "--argnums", "w"], 0),
    (["planted:loss", *WX, "--df", "planted.py:both"], 0),
    (["planted:loss", *WX, "--df", "planted:gradient", "--argnums", "0"], 0),
    (["planted:loss", *WX, "--df", "planted:sign", "--argnums", "w"], 1),
    (["planted:sine", *X, "--df", "planted:cosine", "--hvp", "planted:minus_sine"], 0),
    (["planted:sine", *X, "--df", "planted:cosine", "--hvp", "planted:plus_sine"], 1),
    (["planted:sine", *X, "--df", "planted:leave_numpy"], 0),
    (["planted:sine", *X, "--df", "planted:leave_numpy", "--order", "2"], 3),
    (["planted:corner", "--inputs", "zeros.npz"], 3),
    (["planted:logarithm", "--shape", "x=3"], 3),
    (["planted:logarithm", "--shape", "x=3", "--positive"], 0),
    (["planted:shaky", "--shape", "x=3"], 3),
    (["planted:by_name", "--shape", "a=2", "--shape", "c=", "--positive"], 0),
    (["planted:by_place", "--shape", "a=2", "--shape", "c=()"], 0),
    (["planted:anything", "--shape", "q=2"], 0),
    (["planted:single", "--shape", "x=4", "--dtype", "float32"], 0),
    (["planted:power", "--inputs", "batch.npz", "--dtype", "float32"], 0),
    (["planted:make_case"], 0),
    (["--case", "planted.py:make_case"], 0),
    (["planted:make_wrong"], 1),
    (["numpy.linalg:inv", "--shape", "a=2,2"], 0),
    (["numpy:linalg.inv", "--shape", "a=2,2"], 0),
])
def test_verdict_and_exit_code(arguments, code):
    done = check(*arguments)
    assert done.exit_code == code, done.output
    verdict = {0: "OK", 1: "WRONG", 3: "INCONCLUSIVE"}[code]
    assert done.stdout.splitlines()[1].startswith(f"{verdict}: ")
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_the_wrong_entry_is_named(here):
    (here / "one.py").write_text(
        "import numpy as np\n\ndef f(w):\n    return np.sum(w ** 3)\n\n"
        "def df(w):\n    g = 3 * w ** 2\n    g[1, 2] *= -1\n    return g\n")
    done = check("one.py:f", "--df", "one.py:df", "--shape", "w=2,4")
    assert done.exit_code == 1 and "[1, 2]" in done.stdout
    assert done.stdout.startswith("Gradient by one.py:df, at w (2, 4) float64; "
                                  "drawn with --seed 0\n")


def test_a_module_and_its_file_are_loaded_once(here):
    """Two copies would have two `state`s."""
    from minimeta.cli.target import find
    assert find("planted:shaky") is find("planted.py:shaky") is find(f"{here}/planted.py:shaky")


def test_a_file_called_like_a_module_leaves_that_one_alone(here):
    import random
    (here / "random.py").write_text("def f(x):\n    return x * x\n")
    assert check("random.py:f", "--shape", "x=").exit_code == 0
    assert sys.modules["random"] is random


def test_order_and_directions_arrive():
    done = check("planted:sine", *X, "--order", "3", "--directions", "2", "--no-full", "--json")
    found = json.loads(done.stdout)
    assert {row["order"] for row in found["rows"]} == {1, 2, 3}
    assert {row["checked"] for row in found["rows"]} == {"2 directions"}
    full = json.loads(check("planted:sine", *X, "--full", "--json").stdout)
    assert {row["checked"] for row in full["rows"]} == {"each of 6 entries"}


def test_json_is_all_there_is_on_stdout():
    done = check("planted:sine", *X, "--json")
    found = json.loads(done.stdout)
    assert found["verdict"] == "OK" and found["function"] == "sine"
    assert "a word from the function" in done.stderr
    assert json.loads(check("planted:make_wrong", "--json").stdout)["verdict"] == "WRONG"


def test_seed_decides_the_arguments():
    values = [json.loads(check("planted:sine", *X, "--seed", seed, "--json").stdout)["value"]
              for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


def test_nondeterminism_may_be_allowed():
    assert "nondet_tol" in check("planted:shaky", "--shape", "x=3").stdout
    done = check("planted:shaky", "--shape", "x=3", "--nondet-tol", "1e9", "--order", "1")
    assert "two runs differ" not in done.stdout


def test_arrays_of_a_file_that_are_no_parameters_are_told():
    done = check("planted:loss", "--inputs", "batch.npz")
    assert done.stderr == "minimeta: not used, of batch.npz: n, q\n"


@pytest.mark.parametrize("sizes", [{"x": (3, 4), "y": ()}, {"x": (50, 60)}])
def test_drawn_numbers_are_distinct_exact_and_not_zero(sizes):
    drawn = draw(sizes, seed=0, positive=False)
    assert {name: a.shape for name, a in drawn.items()} == sizes
    entries = np.concatenate([a.reshape(-1) for a in drawn.values()])
    assert len(set(np.abs(entries))) == entries.size
    assert 0 < np.abs(entries).min() and np.abs(entries).max() < 2
    assert np.array_equal(entries, entries.astype(np.float32))
    assert all(abs(np.sign(a).sum()) <= 1 for a in drawn.values())
    assert all((a > 0).all() for a in draw(sizes, 0, True).values())


def test_plot_writes_the_figure(here):
    done = check("planted:sine", *X, "--plot", "folder/figure.png")
    assert done.exit_code == 0 and done.stdout.endswith("\ndrawn in folder/figure.png\n")
    assert (here / "folder" / "figure.png").read_bytes().startswith(b"\x89PNG")
    done = check("planted:make_wrong", "--plot", "a.svg", "--json")
    assert done.exit_code == 1 and json.loads(done.stdout)["verdict"] == "WRONG"
    assert "<svg" in (here / "a.svg").read_text()


# ---------------------------------------------------------------- mistakes

@pytest.mark.parametrize("arguments, message", [
    ([], "name a TARGET, module:function or path/to/file.py:function, or a --case"),
    (["planted"], "'planted' names no function: write module:function or path/to/file.py"),
    (["planted.py"], "planted.py: no function is named; it has loss, gradient, both, "),
    (["planted.py:"], "no function is named; it has loss"),
    (["planted:los"], "planted has no function los; did you mean loss?"),
    (["planted:Zzz"], "planted has no function Zzz; it has loss, gradient, "),
    (["planted:number"], "planted:number is of type int, not a function"),
    (["plantd.py:loss"], "plantd.py is not there; did you mean planted.py?"),
    (["plantd:loss"], "no module 'plantd': neither in"),
    (["plantd:loss"], "did you mean planted.py?"),
    (["folder/nothing.py:f"], "folder/nothing.py is not there"),
    (["nowhere/x.py:f"], "nowhere/x.py is not there"),
    ([".:f"], ". is a folder, not a file"),
    (["planted.txt:f"], "no module 'planted.txt': neither in"),
    (["syntax.py:f"], "syntax.py cannot be imported: SyntaxError: "),
    (["syntax.py:f"], "(syntax.py line 2)"),
    (["needs.py:f"], "needs.py cannot be imported: ModuleNotFoundError: No module named "
                     "'a_package_that_is_not_there' (needs.py line 2: import a_package"),
    (["needs:f"], "needs cannot be imported: ModuleNotFoundError"),
    (["leaves.py:f"], "leaves.py cannot be imported: SystemExit (leaves.py line 2: sys.exit())"),
    (["planted:loss"], "loss(w, x, *, scale=1.0) needs w and x: give --shape w=3,4 --shape x=3,4,"
                       " or --inputs with an npz file"),
    (["planted:loss", "--shape", "w=3"], "needs x: give --shape x=3,4"),
    (["planted:loss", *WX, "--shape", "Scale="], "has no parameter Scale: did you mean scale?"),
    (["planted:loss", *WX, "--shape", "q=3"], "loss(w, x, *, scale=1.0) has no parameter q"),
    (["planted:many", "--shape", "v=3"], "many(*values) has no parameter v: wrap it in a function"),
    (["planted:clash", *WX[:2], "--inputs", "batch.npz"], "w is in batch.npz, too: leave out"),
    (["planted:by_name", "--inputs", "batch.npz"],
     "needs a and c: give --shape a=3,4 --shape c=3,4 (the file has n, q, w, x)"),
    (["planted:sine", "--inputs", "no.npz"], "no.npz is not there: write it with numpy.savez("),
    (["planted:sine", "--inputs", "one.npy"], "one.npy holds one array without a name"),
    (["planted:sine", "--inputs", "planted.py"], "planted.py is no npz file of numbers"),
    (["planted:sine", "--inputs", "objects.npz"], "objects.npz is no npz file of numbers"),
    (["planted:sine", "--inputs", "folder"], "folder cannot be read: Is a directory"),
    (["planted:sine", "--shape", "3,4"], "--shape 3,4: write --shape x=3,4 with the parameter's"),
    (["planted:sine", "--shape", "x=3,b"], "--shape x=3,b: sizes are whole numbers"),
    (["planted:sine", "--shape", "x=3,0"], "of at least 1, as in --shape x=3,4"),
    (["planted:sine", "--shape", "x=-3"], "sizes are whole numbers of at least 1"),
    (["planted:sine", *X, *X], "--shape x is given twice"),
    (["planted:sine", "--shape", "x=10000,100000"], "1000000000 numbers are more than 100000000"),
    (["planted:sine", *X, "--argnums", "y"], "--argnums y: choose from x"),
    (["planted:sine", *X, "--argnums", "1"], "--argnums 1: choose from x"),
    (["planted:sine", *X, "--argnums", ","], "--argnums names nothing: choose from x"),
    (["planted:sine", *X, "--order", "0"], "--order"),
    (["planted:sine", *X, "--dtype", "int32"], "int32"),
    (["planted:sine", *X, "--nonsense"], "No such option"),
    (["planted:sine", *X, "--hvp", "planted:minus_sine"], "give that with --df"),
    (["planted:sine", *X, "--df", "planted:cosin"], "did you mean cosine"),
    (["planted:sine", *X, "--case", "planted:make_case"], "leave out TARGET, --shape and --inputs"),
    (["--case", "planted:make_nothing"],
     "planted:make_nothing must be a function without parameters that returns (f, args)"),
    (["--case", "planted:sine"], "planted:sine must be a function without parameters"),
    (["planted:make_nothing"], "planted:make_nothing must be a function without parameters"),
    (["planted:make_error"], "make_error raised KeyError: 'weights' (planted.py line "),
    (["planted:sine", *X, "--plot", "figure"], "end its name in .png, .pdf, .svg"),
    (["planted:sine", *X, "--plot", "nowhere/figure.png"], "there is no folder nowhere; make it"),
    (["planted:sine", *X, "--plot", "/proc/figure.png"], "/proc/figure.png cannot be written ("),
    (["planted:clash", *WX], "clash raised ValueError: matmul: "),
    (["planted:clash", *WX], "(planted.py line 52: w @ x))"),
    (["planted:silent", *X], "silent raised AssertionError (planted.py line 55: raise Assertion"),
    (["planted:leave", *X], "leave raised SystemExit: 0 (planted.py line "),
    (["planted:write", *X], "the function writes into its argument x: let it work on a copy"),
    (["planted:sine", *X, "--df", "planted:clash"], "clash() missing 1 required positional"),
    (["planted:sine", *X, "--df", "planted:logarithm"], "df returned shapes [()]; expected "),
    (["planted:sine", *X, "--df", "planted:silent"], "silent raised AssertionError (planted.py"),
    (["planted:loss", *WX, "--df", "planted:gradient"],
     "expected [(3,), (5, 3)], like the arguments, or (value, gradient); for a gradient in w alone,"
     " --argnums w"),
    (["planted:sine", "--inputs", "batch.npz", "--argnums", "x", "--shape", "y="],
     "sine(x) has no parameter y"),
])
def test_a_mistake_is_one_line_and_code_2(arguments, message):
    done = check(*arguments)
    assert done.exit_code == 2 and done.stdout == ""
    said = done.stderr.replace("a word from the function\n", "")
    (line,) = [line for line in said.splitlines() if "not used, of" not in line]
    assert line.startswith("minimeta: ") and message in line, line
    assert isinstance(done.exception, SystemExit)


def test_traceback_shows_all():
    done = check("planted:clash", *WX, "--traceback")
    assert done.exit_code == 2 and "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("minimeta: clash raised ValueError")
    done = check("needs.py:f", "--traceback")
    assert "Traceback" in done.stderr and "import a_package_that_is_not_there" in done.stderr


def test_an_error_of_the_checker_is_not_blamed_on_the_function(monkeypatch):
    monkeypatch.setattr("minimeta.check.grads.Check.report", [].pop)
    done = check("planted:loss", *WX)
    assert done.exit_code == 2
    assert done.stderr == ("minimeta: the check itself failed: IndexError: pop from empty list "
                           "(--traceback shows where)\n")


def test_from_a_shell_of_a_folder_that_is_not_on_the_path(here):
    """As people run it, `python -m minimeta`: the current directory can be imported from."""
    def shell(*arguments):
        code = (f"import sys; sys.path[:] = [{str(ROOT)!r}, *filter(None, sys.path)]; "
                "from minimeta.cli.main import main; main()")
        return subprocess.run([sys.executable, "-c", code, "check", *arguments], cwd=here,
                              capture_output=True, text=True)
    done = shell("planted:loss", *WX, "--df", "planted:sign", "--argnums", "w")
    assert done.returncode == 1 and "WRONG: loss = " in done.stdout and done.stderr == ""


def test_help_names_the_options():
    text = check("--help").stdout
    for option in ("--shape", "--inputs", "--case", "--df", "--hvp", "--order", "--argnums",
                   "--directions", "--full", "--dtype", "--positive", "--seed", "--nondet-tol",
                   "--plot", "--json", "--traceback"):
        assert option in text
