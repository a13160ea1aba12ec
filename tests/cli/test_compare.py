"""`minimeta compare` as a person types it: output, errors in one line, exit codes."""
import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from minimeta.cli.main import main

SMALL = ["--iterations", "2", "--test-episodes", "20", "--filters", "4"]


def run(*args, **options):
    return CliRunner().invoke(main, ["compare", *map(str, args)], **options)


def test_the_default_runs_both_data_sets(tmp_path):
    done = run(*SMALL, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "sinusoid" / "table.md").exists()
    assert (tmp_path / "glyphs" / "figures" / "episode-maml.png").exists()
    for name in ("MAML", "FOMAML", "Reptile", "Prototypical", "Matching", "Joint",
                 "classification only"):
        assert name in done.stdout
    assert "glyphs: Matching finished" in done.stderr and "\x1b" not in done.output


def test_json_is_all_there_is_on_stdout(tmp_path):
    done = run(*SMALL, "--data", "sinusoid", "--methods", "maml,matching", "--json", "--out",
               tmp_path)
    found = json.loads(done.stdout)["comparisons"]
    assert done.exit_code == 0 and [r["method"] for r in found[0]["methods"]] == [
        "maml", "matching"]


def test_help_and_version():
    assert "--minutes" in run("--help").stdout
    assert "minimeta" in CliRunner().invoke(main, ["--version"]).stdout
    assert "compare" in CliRunner().invoke(main, []).stdout


@pytest.mark.parametrize("args, message", [
    (["--methods", "mamal"], "did you mean maml"),
    (["--methods", "transformer"], "known: maml, fomaml"),
    (["--data", "omnigot"], "did you mean omniglot"),
    (["--data", "glyphs", "--ways", "500"], "500"),
    (["--data", "glyphs", "--shots", "20"], "20"),
    (["--ways", "-3"], "ways must be"),
    (["--iterations", "0"], "iterations must be"),
    (["--minutes", "nan"], "positive number"),
    (["--minutes", "1", "--iterations", "5"], "one of them"),
    (["--seed", "-1"], "seed must be"),
    (["--split", "random"], "unknown split"),
    (["--itrations", "5"], "--iterations"),
    (["--ways", "many"], "not a valid integer"),
], ids=lambda a: " ".join(a) if isinstance(a, list) else "")
def test_wrong_input_is_one_line_and_code_2(args, message, tmp_path):
    done = run(*args, "--out", tmp_path)
    assert done.exit_code == 2 and message in done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.output


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(*SMALL, "--out", tmp_path / "file" / "results")
    assert done.exit_code == 2 and "--out" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("content, message", [
    (None, "MINIMETA_DATA"), (b"", "images_background.zip"),
    (b"PK\x03\x04 not really an archive", "images_background.zip")],
    ids=["absent", "empty", "damaged"])
def test_no_data_no_network_or_a_damaged_archive(content, message, tmp_path, monkeypatch):
    monkeypatch.setenv("MINIMETA_DATA", str(tmp_path))
    monkeypatch.setenv("MINIMETA_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")       # nobody listens there
    if content is not None:
        (tmp_path / "omniglot").mkdir()
        (tmp_path / "omniglot" / "images_background.zip").write_bytes(content)
    done = run("--data", "omniglot", *SMALL, "--out", tmp_path / "out")
    assert done.exit_code == 2 and message in done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.output


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_writes_what_is_finished(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "minimeta", "compare", "--data", "sinusoid", "--methods",
         "maml,fomaml", "--iterations", "200", "--test-episodes", "20", "--out", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "MAML finished" in line and process.returncode == 130, (line, err)
    assert "interrupted" in err and "Traceback" not in err
    assert (tmp_path / "sinusoid" / "weights" / "maml.npz").exists()
