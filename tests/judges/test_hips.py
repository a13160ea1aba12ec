"""The command that runs autograd's tests: on a planted archive, what passes, fails, is left out."""
import subprocess
import tarfile

import pytest

from tests.judges.hips import __main__ as command

TESTS = {"test_numpy.py": '''
import autograd.numpy as np
from autograd import grad
from autograd.extend import defvjp, primitive
from autograd.test_util import check_grads

@primitive
def double(x):
    return 2 * x

def test_passes():
    check_grads(lambda x, y: np.sum(np.sin(x) * y), argnum=(0, 1))(np.ones(3), 2.0)

def test_array():
    check_grads(lambda x: np.array([x, [2.0 * x][0]]) * np.r_[x, 1:2])(0.5)

def test_planted_error():
    defvjp(double, lambda ans, x: lambda g: 2.001 * g)
    check_grads(double)(1.0)

def test_mean_list_of_boxes():
    grad(lambda x: np.mean([x, x]))(1.0)

def test_diagonal():
    raise NotImplementedError
'''}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    tests = folder / "autograd-9.9" / "tests"
    tests.mkdir(parents=True)
    for name, source in TESTS.items():
        (tests / name).write_text(source)
    with tarfile.open(folder / "autograd-9.9.tar.gz", "w:gz") as archive:
        archive.add(folder / "autograd-9.9", "autograd-9.9")
    return folder / "autograd-9.9.tar.gz"


def test_counts_and_names(sdist, tmp_path, capsys):
    assert command.main(["--sdist", str(sdist), "--write", str(tmp_path / "page.md")]) == 1
    text = (tmp_path / "page.md").read_text()
    assert text in capsys.readouterr().out
    for line in ("autograd 9.9", "| passed | 2 |", "| failed | 2 |", "| left out | 1 |",
                 "50.0 %", "1 of those that passed make arrays"):
        assert line in text
    failed, unexplained = text.split("## Failed\n")[1].split("## Failed, unexplained")
    assert "test_mean_list_of_boxes" in failed and "test_planted_error" not in failed
    assert "AssertionError" in unexplained and "test_planted_error" in unexplained


def test_a_choice_of_tests(sdist, capsys):
    assert command.main(["--sdist", str(sdist), "-k", "passes"]) == 0
    assert "| passed | 1 |" in capsys.readouterr().out


def test_errors_name_the_cure(monkeypatch, tmp_path):
    def without_network(arguments, **_):
        return subprocess.CompletedProcess(arguments, 1, "", "no network")
    monkeypatch.setattr(command.subprocess, "run", without_network)
    with pytest.raises(SystemExit, match="--sdist FILE"):
        command.main([])
    with pytest.raises(SystemExit, match="No such file"):
        command.main(["--sdist", str(tmp_path / "absent.tar.gz")])
    (tmp_path / "empty.tar.gz").write_bytes(b"")
    with pytest.raises(SystemExit, match="empty.tar.gz"):
        command.main(["--sdist", str(tmp_path / "empty.tar.gz")])
