"""minimeta bench: what is timed is right, waited for, and compared; the clock is a fake one."""
import datetime
import itertools
import json

import numpy as np
import pytest
from click.testing import CliRunner

import minimeta
from benchmarks import gpu_parts, on_gpu
from minimeta.autodiff import hvp
from minimeta.bench import PROBLEMS, Cell, Row, median_seconds, problems, run
from minimeta.bench import measure
from minimeta.bench.peers import PEERS, Missing
from minimeta.cli import bench as command
from minimeta.cli.main import main
from minimeta.device import CPU, to_host
from minimeta.nn import cross_entropy, mlp
from tests.device import special
from tests.device.standin import StandIn


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    """The stand-in in CuPy's place."""
    special.install(monkeypatch)


def small(name):
    return PROBLEMS[name](np.random.default_rng(0), True)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_device_computes_the_same_gradient(name):
    problem = small(name)
    host, device = problems.ours(problem, CPU)(), to_host(problems.ours(problem, StandIn())())
    assert host.shape == problem.theta.shape and np.isfinite(host).all() and np.any(host)
    assert np.linalg.norm(device - host) < 0.01 * np.linalg.norm(host)


@pytest.mark.parametrize("library", PEERS)
@pytest.mark.parametrize("name", ["sinusoid", "prototypical", "hvp", pytest.param(
    "omniglot", marks=pytest.mark.nightly)])
def test_a_peer_computes_the_same_gradient(name, library):
    try:
        peer = PEERS[library]("cpu")
    except Missing:
        pytest.skip(f"{library} is not installed")
    problem = small(name)
    step, wait, get = peer.contest(problem)
    found, expected = step(), problems.ours(problem, CPU)()
    wait(found)
    assert np.linalg.norm(get(found) - expected) < 0.01 * np.linalg.norm(expected)


def test_the_product_is_the_hessians():
    problem = small("hvp")
    model = mlp(problem.network[1])
    expected = hvp(lambda t: cross_entropy(model.apply(t, problem.episode.xs), problem.episode.ys),
                   problem.theta, problem.v)
    assert np.array_equal(problems.ours(problem, CPU)(), expected)


def test_the_clock_is_read_after_waiting_and_the_median_is_taken():
    events, times = [], itertools.chain([0.0, 0, 1, 0, 1, 1, 9, 9], itertools.repeat(99.0))

    def clock():
        events.append("clock")
        return next(times)
    seconds, steps = median_seconds(lambda: events.append("step"), lambda _: events.append("wait"),
                                    0.0, clock)
    assert steps == 3 and seconds == 1
    assert events[:4] == ["step", "wait"] * 2                       # warm-up, off the clock
    assert all(b == "wait" for a, b in zip(events, events[1:]) if a == "step")
    assert all(b == "clock" for a, b in zip(events[4:], events[5:]) if a == "wait")


class Queue(StandIn):
    """A device that answers at once and works when it is waited for: a second for each step."""

    def __init__(self):
        super().__init__()
        self.now, self.sent, self.waits = 0.0, 0, 0

    def send(self):
        self.sent += 1

    def synchronize(self):
        self.now, self.sent, self.waits = self.now + self.sent, 0, self.waits + 1


@pytest.mark.parametrize("waits, seconds", [(True, 1), (False, 0)])
def test_a_missing_wait_shows_as_a_step_that_takes_no_time(waits, seconds):
    queue = Queue()
    wait = (lambda _: queue.synchronize()) if waits else (lambda _: None)
    assert median_seconds(queue.send, wait, 0.0, lambda: queue.now)[0] == seconds


def test_the_gpu_is_waited_for_after_each_step(monkeypatch):
    monkeypatch.setattr(measure, "PEERS", {})
    queue = Queue()
    (row,) = run(queue, ["sinusoid"], quick=True)
    assert queue.waits == row.cells[1].steps + measure.WARM_UPS


class Wrong(StandIn):
    """A device that computes something else."""

    def put(self, a):
        theta, *rest = a
        return super().put((theta * 1.5, *rest))


@pytest.mark.parametrize("device, wrong", [(StandIn(), False), (Wrong(), True)])
def test_a_gradient_that_differs_is_not_timed(monkeypatch, device, wrong):
    monkeypatch.setattr(measure, "PEERS", {})
    (row,) = run(device, ["sinusoid"], quick=True)
    assert [cell.who for cell in row.cells] == ["minimeta, CPU", "minimeta, GPU"]
    assert (row.cells[1].seconds is None) == wrong == ("off by" in row.cells[1].note)


def test_peers_that_are_not_there_say_so(monkeypatch):
    def missing(where):
        raise Missing("not installed")
    monkeypatch.setattr(measure, "PEERS", {"Other": missing})
    (row,) = run(StandIn(), ["sinusoid"], quick=True)
    assert row.cells[2] == Cell("Other, GPU", None, note="not installed")


def test_ratios():
    row = Row("x", "", [Cell("a", 6.0, 3), Cell("b", 2.0, 3), Cell("c", None)])
    assert [row.ratio(cell) for cell in row.cells] == [1, 3, None]


def test_command():
    done = CliRunner().invoke(main, ["bench", "--quick", "--only", "hvp", "--json"])
    found = json.loads(done.output)
    (row,) = found["rows"]
    assert done.exit_code == 0 and found["device"] == "CPU" and row["name"] == "hvp"
    assert [cell["who"] for cell in row["cells"]] == ["minimeta, CPU"]
    assert row["cells"][0]["seconds"] > 0 and row["cells"][0]["ratio"] == 1
    done = CliRunner().invoke(main, ["bench", "--quick", "--only", "hvp"])
    assert "| minimeta, CPU |" in done.output


@pytest.mark.parametrize("options, says", [
    (["--only", "hvps"], "did you mean hvp?"), (["--device", "gpus"], "did you mean gpu?"),
    (["--seed", "-1"], "seed must be")])
def test_mistakes_are_one_line(options, says):
    done = CliRunner().invoke(main, ["bench", *options])
    assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1


def test_the_commands_names_are_the_problems():
    assert command.NAMES == tuple(PROBLEMS)


TABLE = """device: A GPU

sinusoid: MAML on sinusoids

| | a step | times as fast as the CPU | |
|---|---|---|---|
| minimeta, CPU | 1 ms | 1 |  |
| minimeta, GPU | 2 ms | 0.5 |  |

omniglot: MAML on images

| | a step | times as fast as the CPU | |
|---|---|---|---|
| minimeta, CPU | 100 ms | 1 |  |
| minimeta, GPU | 2.5 ms | 40 |  |""".splitlines()


def test_the_page_says_what_failed():
    def text(**parts):
        return on_gpu.page("A GPU", datetime.date(2030, 1, 2), 2, **parts)
    assert "2030-01-02: A GPU" in text() and text().count("ot run yet") == 3
    for code, says in ((0, "--nightly`: passed"), (1, "FAILED, exit code 1")):
        found = text(timings=(0, TABLE), tests=(code, ["1 failed"]))
        assert says in found and TABLE[-1] in found and "1 failed" in found
    assert "FAILED, exit code 2" in text(timings=(2, ["no"]))


@pytest.mark.parametrize("row, ratio, says", [
    (TABLE[-1], 40, ": reached"), (TABLE[-1].replace("40", "29.9"), 29.9, "NOT REACHED"),
    ("| minimeta, GPU | - | - | its gradient is off by 3 % |", None, "not timed"),
    ("", None, "not timed")])
def test_the_speed_that_is_asked_for_is_read_off_the_table(row, ratio, says):
    table = [*TABLE[:-1], row]
    assert on_gpu.speedup(table) == ratio and says in on_gpu.verdict(table)


def test_the_command_writes_the_page_after_each_part(monkeypatch, tmp_path, capsys):
    pages = []

    def output(*arguments):
        pages.append(on_gpu.PAGE.read_text() if on_gpu.PAGE.exists() else "")
        return int("pytest" in arguments), TABLE
    monkeypatch.setattr(on_gpu, "output", output)
    monkeypatch.setattr(on_gpu, "two_cores", lambda: 2)
    monkeypatch.setattr(on_gpu, "ROOT", tmp_path)
    monkeypatch.setattr(on_gpu, "PAGE", tmp_path / "results" / "gpu.md")
    assert on_gpu.main() == 1
    assert [page.count("ot run yet") for page in pages] == [0, 2, 1]
    assert "40 times as fast" in capsys.readouterr().out


def test_the_table_that_is_read_is_the_commands():
    row = Row("omniglot", "MAML", [Cell("minimeta, CPU", 6.0, 3), Cell("minimeta, GPU", 0.1, 3)])
    text = command.as_text([Row("sinusoid", "", [Cell("minimeta, CPU", 1.0, 3)]), row], CPU)
    assert on_gpu.speedup(text.splitlines()) == pytest.approx(60)


def test_what_a_step_consists_of(monkeypatch):
    monkeypatch.setattr(gpu_parts, "STEPS", 1)
    device = StandIn()
    found = gpu_parts.lines(device, quick=True)
    assert len(found) == 2 + 2 * len(PROBLEMS) + 3 + len(PROBLEMS) + 3 + len(gpu_parts.RUNS)
    assert all(line.count("|") == 5 for line in found if line)


def test_a_compiled_step_that_differs_is_seen(monkeypatch):
    monkeypatch.setattr(gpu_parts.minimeta, "compile", lambda f: lambda: 1.01 * f())
    with pytest.raises(AssertionError):
        gpu_parts.steps(StandIn(), "sinusoid", quick=True)


def test_elementwise_runs_are_counted():
    x = StandIn().put(np.ones((2, 3)))
    f = minimeta.compile(lambda x: np.sum(np.exp(x) + np.sin(x), axis=1) * 2.0)
    f(x)
    assert gpu_parts.calls(f) == (5, 3)         # exp, sin, add; sum; multiply


@pytest.mark.parametrize("name, least, most", [("sinusoid", 0.65, 0.85), ("omniglot", 0.45, 0.65)])
def test_what_fusing_could_save(name, least, most):
    """As docs/compile.md has it: a quarter of the calls of a small network, half on images."""
    calls, merged = gpu_parts.calls(gpu_parts.steps(StandIn(), name, quick=True)[1])
    assert least < merged / calls < most


def test_a_fused_function_that_differs_is_seen(monkeypatch):
    device = StandIn()
    device.cupy.fuse = lambda f: lambda *args: 2 * f(*args)
    with pytest.raises(AssertionError):
        gpu_parts.fusing(device, 0.0, quick=True)


def test_a_fused_function_takes_cupys_functions_only():
    device = StandIn()
    with pytest.raises(TypeError, match="use CuPy's"):
        device.cupy.fuse(gpu_parts.normalise(np))(*device.put(4 * [np.ones(3)]))
