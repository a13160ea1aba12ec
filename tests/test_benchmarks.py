"""The benchmarks time what they say: by hand, compiled and eager agree; peers that do not are left
out; aims are judged by the rows."""
import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import __main__ as bench
from benchmarks import growth, overhead, tables, worker
from benchmarks.aims import AIMS, BEST, Aim, judge, judge_memory
from benchmarks.by_hand import BY_HAND
from benchmarks.libraries import LIBRARIES, Library, asked
from benchmarks.replay import calls
from benchmarks.workloads import WORKLOADS
from minimeta import compile
from minimeta.autodiff.tree import flatten

SLOW = "W4_1st", "W4_5", "W5a", "W6"        # as W4 and W5b, of more of the same
QUICK = [pytest.param(name, marks=pytest.mark.nightly if name in SLOW else ())
         for name in WORKLOADS if name != "W3_big"]


@pytest.mark.parametrize("name", QUICK)
def test_compiled_is_eager(name):
    f, args, *_ = WORKLOADS[name](dtype=np.float64)
    compiled = compile(f)
    for a, b in zip(flatten(compiled(*args))[0], flatten(f(*args))[0]):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * np.max(np.abs(b)))
    assert calls(compiled) > 10


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand_is_eager(name):
    f, args, *_ = WORKLOADS[name]()
    hand = BY_HAND[name](*args)
    loss, theta, *_ = f(*args)
    assert hand() == pytest.approx(float(loss), rel=1e-5)
    np.testing.assert_allclose(hand.theta - args[0], theta - args[0], rtol=1e-2, atol=1e-8)


def test_the_gradient_by_hand():
    f, args, *_ = WORKLOADS["W1"]()
    hand = BY_HAND["W1"](*args)
    hand.gradient()
    g = f(*args)[2].m / 0.1                       # the first mean is a tenth of the gradient
    np.testing.assert_allclose(hand.g, g, atol=1e-6 * np.abs(g).max())
    hand.second_order = False
    hand.gradient()
    assert np.abs(hand.g - g).max() > 1e-4 * np.abs(g).max()      # the test sees the Hessian


# ---------------------------------------------------------------- side by side, with planted faults

PLANTED = """
import numpy as np
from benchmarks import peer_hand
from benchmarks.workloads import WORKLOADS as OURS

def planted(name):
    w = OURS[name](dtype=np.float64)
    right = np.ravel((w.numbers or w.f)(*w.args))

    def fails():
        raise ValueError("it cannot")
    step = lambda: np.sum(right)
    return {"right": (step, lambda: right), "wrong": (step, lambda: 1.05 * right),
            "short": (step, lambda: right[1:]), "failing": (fails, lambda: right)}
WORKLOADS = {name: lambda name=name: planted(name) for name in ("W1", "W7")}
print("a word on stdout that is no answer")
"""


@pytest.fixture
def planted(monkeypatch, tmp_path):
    """A module `benchmarks.planted_peer` for the workers, and a library of that name."""
    folder = tmp_path / "planted"
    folder.mkdir()
    (folder / "planted_peer.py").write_text(PLANTED)
    (folder / "sitecustomize.py").write_text(
        f"import benchmarks; benchmarks.__path__.append({str(folder)!r})")
    root = Path(__file__).resolve().parent.parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(root))))
    monkeypatch.chdir(root)
    monkeypatch.setitem(LIBRARIES, "planted", Library("Planted", "planted_peer", {"A": "1"}))
    return "planted"


def run(capsys, *argv):
    """(what a run printed, what it said on stderr)."""
    bench.main([*argv, "--seconds", "0", "--threads", "1"])
    return capsys.readouterr()


def test_a_wrong_peer_is_left_out_and_the_page_is_complete(planted, capsys, tmp_path):
    page, kept = tmp_path / "page.md", tmp_path / "rows.json"
    run(capsys, "W7", "--libraries", f"ours,{planted}", "--write", str(page), "--keep", str(kept))
    result = json.loads(kept.read_text())["W7"]
    assert {(r["library"], r["variant"]) for r in result["rows"]} == {
        ("minimeta", "eager"), ("minimeta", "compiled"), ("Planted", "right")}
    without = result["without"]
    assert set(without) == {"Planted wrong", "Planted short", "Planted failing"}
    assert without["Planted wrong"].startswith("off by 0.05")
    assert without["Planted short"] == "its shape is (9,), not (10,)"
    assert "it cannot" in without["Planted failing"]
    said = run(capsys, "W1", "--libraries", f"{planted},peer_hand", "--keep", str(kept),
               "--write", str(page))
    assert "W1: without Planted wrong (off by 0.05" in said.err
    assert "a word on stdout" not in said.out
    text = page.read_text()                             # of this run and of the one before
    for part in ("## W1\n", "## W7\n", "Without Planted wrong: off by 0.05", "## The aims",
                 "NumPy by hand", "Limits:", "| W7 | eager | PyTorch | <= 0.60 |  | not measured |",
                 f"NumPy {np.__version__}"):
        assert part in text
    assert max(map(len, (x for x in text.splitlines() if not x.startswith("|")))) <= 120


def test_a_missing_library_takes_one_line(monkeypatch, capsys):
    monkeypatch.setitem(LIBRARIES, "gone", Library("Gone", "not_there"))
    said = run(capsys, "W7", "--libraries", "ours,gone", "--json")
    assert "W7: without Gone (ModuleNotFoundError" in said.err
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert {row["variant"] for row in rows if "ms" in row} == {"eager", "compiled"}
    assert [row["verdict"] for row in rows if "verdict" in row] == ["not measured"] * len(AIMS)


def test_minimeta_wrong_ends_the_run(planted, monkeypatch):
    worker = SimpleNamespace(name="ours", results={"eager": np.ones(3)})
    assert bench.check([worker], np.ones(3)) == ({("ours", "eager"): 0.0}, {})
    for off in (1.05 * np.ones(3), np.ones(2), np.full(3, np.nan)):
        with pytest.raises(bench.Disagreement, match="minimeta eager"):
            bench.check([worker], off)
    worker.results["eager"] = np.full(3, np.nan)
    with pytest.raises(bench.Disagreement, match="off by nan"):
        bench.check([worker], np.ones(3))


def test_a_library_has_an_environment_of_its_own(planted, monkeypatch, tmp_path):
    seen = {}

    def popen(command, env, **kw):
        seen.update(env=env, command=command)
        raise FileNotFoundError
    monkeypatch.setattr(bench.subprocess, "Popen", popen)
    for name, setting in (("peer_torch_tuned", "0"), ("peer_torch", None)):
        with pytest.raises(FileNotFoundError):
            bench.Worker(name, "W6", 2, str(tmp_path))
        assert seen["env"].get("MALLOC_MMAP_MAX_") == setting
        assert "peer_torch" in seen["command"] and seen["env"]["OMP_NUM_THREADS"] == "2"
    assert "MALLOC_MMAP_MAX_" not in os.environ
    assert asked(["ours", "peer_torch_tuned"], "W1") == ["ours"]
    assert asked(["ours", "peer_torch_tuned"], "W6") == ["ours", "peer_torch_tuned"]


# ---------------------------------------------------------------- aims

def row(library, variant, ms, eager=None, compiled=None, mib=1.0, workload="W3_big"):
    return {"workload": workload, "library": library, "variant": variant, "ms": ms, "mib": mib,
            "eager_over_it": eager, "compiled_over_it": compiled, "error": 1e-6, "rounds": 5,
            "operations": None}


ROWS = [row("NumPy by hand", "", 1.0, 9.0, 9.0), row("minimeta", "compiled", 2.0, 1.6, 1.0, 5.0),
        row("JAX", "jit", 2.5, 1.3, 0.8), row("minimeta", "eager", 3.3, 1.0, 0.6, 8.2),
        row("PyTorch", "loop", 3.0, 1.1, 0.7, 7.1), row("PyTorch", "task axis", 4.0, 0.8, 0.5, 99),
        row("PyTorch", "loop", 0.1, 99.0, 99.0, workload="W3")]


@pytest.mark.parametrize("aim, ratio, verdict", [
    (Aim("W3_big", "eager", 1.2, BEST), 1.3, "not reached"),       # neither ours nor by hand
    (Aim("W3_big", "eager", 1.3, BEST), 1.3, "reached"),
    (Aim("W3_big", "compiled", 1.0, BEST), 0.8, "reached"),
    (Aim("W3_big", "eager", 1.0, "PyTorch"), 1.1, "not reached"),  # the fastest variant
    (Aim("W3_big", "eager", 1.0, "PyTorch", "task axis"), 0.8, "reached"),
    (Aim("W3_big", "eager", 1.0, "learn2learn"), None, "not measured"),
    (Aim("W3_full", "eager", 1.0, "PyTorch"), None, "not measured"),
])
def test_an_aim_is_judged_by_the_rows(aim, ratio, verdict):
    assert judge(aim, ROWS)[1:] == (ratio, verdict)


def test_an_aim_without_minimeta_is_not_measured():
    assert judge(Aim("W1", "eager", 1.0, "JAX"), [row("JAX", "jit", 1.0, workload="W1")])[1:] == (
        None, "not measured")


def test_memory_is_judged_beside_the_fastest_of_pytorch():
    assert judge_memory("W3_big", ROWS) == (
        {"eager": 8.2, "compiled": 5.0, "PyTorch": 7.1}, "above: eager")
    less = [{**r, "mib": 8.0} if r["variant"] == "eager" else r for r in ROWS]
    assert judge_memory("W3_big", less)[1] == "not above"           # by less than 1 MiB
    assert judge_memory("W3_full", ROWS)[1] == "not measured"


def test_the_aims_cover_the_workloads_and_name_rows_that_exist():
    assert {aim.workload for aim in AIMS} == set(WORKLOADS)
    names = {library.name for library in LIBRARIES.values()}
    assert {aim.peer for aim in AIMS} - {BEST} <= names
    text = tables.aims(ROWS)
    assert "| W3_big | eager | the best (JAX jit) | <= 1.20 | 1.300 | not reached |" in text
    assert "| W3_big | compiled | the best (JAX jit) | <= 1.00 | 0.800 | reached |" in text
    assert "| W3_big | 8.2 | 5.0 | 7.1 | above: eager |" in text
    assert text.count("\n| W") == len(AIMS) + len(WORKLOADS)
    assert f"1 reached, 3 not reached, {len(AIMS) - 4} not measured." in text
    assert "| W3 | eager | PyTorch (loop) | <= 2.00 | 99.000 | not reached |" in text


def test_memory_of_a_call_leaves_out_what_others_left():
    """A step of 32 MiB is seen; 64 MiB that were freed before it are not."""
    before = worker.held()
    junk = [np.ones(1 << 15) for _ in range(256)]               # small: they come from the heap
    del junk
    assert worker.peak(lambda: None, before) < 16
    assert 24 < worker.peak(lambda: np.ones(1 << 22), before) < 48


# ---------------------------------------------------------------- growth and overhead

X = np.array([1, 2, 5, 10, 20, 50])


def test_a_line_is_fitted_and_a_curve_found_out():
    line = growth.fit(X, 3 + 0.5 * X)
    assert line[:2] == pytest.approx((3, 0.5)) and line.departure < 1e-9
    assert growth.fit(X, 0.25 * X).exponent == pytest.approx(1)
    curve = growth.fit(X, 3 + 0.5 * X ** 2)                         # planted: not linear
    assert curve.departure > 0.3 and curve.exponent > 1.5
    root = growth.fit(X, 2 + 4 * np.sqrt(X), power=0.5)
    assert root[:2] == pytest.approx((2, 4)) and root.at(9) == pytest.approx(14)
    assert growth.fit(X, 2 + 4 * np.sqrt(X)).departure > 0.1        # nor is a root


def test_memory_grows_with_steps_and_with_their_root():
    stored, kept = ([growth.mebibytes(growth.meta_gradient(5, 20, k, on)[1]) for k in (4, 9, 25)]
                    for on in (False, True))
    assert stored[2] / stored[1] > 2
    assert kept[2] / kept[1] < 1.9 and kept[2] < 0.6 * stored[2]


def test_the_growth_page_has_every_number_and_its_fit(tmp_path):
    panels = [growth.Panel("tasks", "tasks", "ms", {"eager": (X, 3 + 0.5 * X)}),
              growth.Panel("memory", "steps", "MiB", {"checkpoint": (X, 2 + 4 * np.sqrt(X))})]
    text = growth.page(panels, 4)
    assert "| eager, ms | 3.5 | 4 | 5.5 | 8 | 13 | 28 |" in text
    assert "- eager: 3 + 0.5 x ms, off by 0 % at most; over the last tenfold x^0.7" in text
    assert "- checkpoint: 2 + 4 sqrt(x) MiB" in text
    growth.plot(panels, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 5000


def test_the_compiled_meta_gradient_is_the_eager_one():
    a, b = (growth.meta_gradient(3, 8, 2, compiled=on)[1]() for on in (False, True))
    np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6 * np.abs(a).max())


def test_overhead_by_hand_agrees_and_a_wrong_library_is_found():
    for order in (1, 2):
        functions = {"by hand": overhead.hand()[order], "minimeta": overhead.minimeta()[order]}
        overhead.agree(functions)
        with pytest.raises(SystemExit, match="planted disagrees"):
            overhead.agree({**functions, "planted": lambda: 1.01 * functions["by hand"]()})


def test_the_ratio_of_overhead_is_of_a_round():
    rows = overhead.report(1, {"minimeta": [1.0, 2.0, 30.0], "slow": [2.0, 4.0, 60.0]})
    assert [row["ratio_to_minimeta"] for row in rows] == [1.0, 2.0]
    text = overhead.page(rows, 4)
    assert "    1  slow          40000.00" in text and f"NumPy {np.__version__}" in text
