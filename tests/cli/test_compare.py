"""`minimeta compare` as a person meets it: tables, files, one-line errors, exit codes."""
import json
import sys
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner

import minimeta
from minimeta.cli.main import main
from minimeta.tasks import ImageSet

LITTLE = ["--iterations", "2", "--test-episodes", "3"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Run in a folder of its own, with no data but the few glyphs below."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINIMETA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MINIMETA_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    few = ImageSet(rng.integers(0, 255, (12, 20, 28, 28), np.uint8), list("abcdefghijkl"), "noise")
    from minimeta.run import compare
    assert compare
    monkeypatch.setattr(sys.modules["minimeta.run.data"], "glyph_splits",
                        lambda seed: {"train": few, "test": few})
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def compare(*arguments):
    return run("compare", *arguments)


def test_both_default_data_sets_from_end_to_end(here):
    done = compare(*LITTLE, "--filters", 2, "--ways", 3)
    assert done.exit_code == 0, done.output
    assert "sinusoid, 10-shot regression" in done.stdout
    assert "glyphs, 3-way 1-shot" in done.stdout
    assert done.stdout.count("MAML") >= 4 and "classification only" in done.stdout
    home = here / "minimeta-results"
    assert (home / "sinusoid" / "figures" / "fits.png").exists()
    assert (home / "glyphs" / "figures" / "episode-reptile.png").exists()
    assert (home / "glyphs" / "weights" / "matching.npz").exists()
    assert json.loads((home / "glyphs" / "table.json").read_text())["settings"]["ways"] == 3
    assert [line for line in done.stderr.splitlines() if "finished in" not in line] == []


def test_json_is_all_there_is_on_stdout(here):
    arguments = ["--data", "sinusoid", "--methods", "maml,joint", *LITTLE, "--json", "--seed", 5]
    found = []
    for out in ("a", "b"):
        done = compare(*arguments, "--out", out)
        assert done.exit_code == 0
        found.append(json.loads(done.stdout)["comparisons"])
        (one,) = found[-1]
        assert one == json.loads((here / out / "sinusoid" / "table.json").read_text())
        for row in one["methods"]:
            assert row.pop("measured")["ms_per_step"] > 0
    assert found[0] == found[1]
    assert found[0][0]["settings"]["seed"] == 5


def test_names_may_be_repeated_or_in_one_list():
    one = compare("--data", "sinusoid", "--methods", "maml, JOINT", *LITTLE, "--json")
    two = compare("--data", "sinusoid", "--methods", "maml", "--methods", "joint", *LITTLE,
                  "--json")
    names = [[row["method"] for row in json.loads(done.stdout)["comparisons"][0]["methods"]]
             for done in (one, two)]
    assert names == [["maml", "joint"]] * 2


def zips(here, content):
    folder = here / "data" / "omniglot"
    folder.mkdir(parents=True)
    for half in ("background", "evaluation"):
        (folder / f"images_{half}.zip").write_bytes(content)


def empty_archive(here):
    zips(here, b"")


def damaged_archive(here):
    zips(here, b"PK\x03\x04 cut off")


def archive_without_characters(here):
    zips(here, b"")
    for path in (here / "data" / "omniglot").iterdir():
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "nothing")


def no_network(here):
    import urllib.request

    def refuse(*_, **__):
        raise OSError("Network is unreachable")
    urllib.request.urlopen = refuse


def file_in_the_way(here):
    (here / "minimeta-results").write_text("a file")


def nothing(here):
    pass


@pytest.mark.parametrize("prepare, arguments, message", [
    (nothing, ["--methods", "maml,protonet"], "unknown method 'protonet'"),
    (nothing, ["--methods", "mamal"], "did you mean maml? (known: maml, fomaml, reptile, "),
    (nothing, ["--methods", ","], "no method is named"),
    (nothing, ["--data", "glyph"], "unknown data set 'glyph'; did you mean glyphs?"),
    (nothing, ["--data", ","], "no data set is named"),
    (nothing, ["--data", "glyphs", "--ways", "13"], "13 ways are more than the 12 classes"),
    (nothing, ["--data", "glyphs", "--ways", "3", "--shots", "16"],
     "16 shots + 5 queries are more than the 20 examples of a class"),
    (nothing, ["--ways", "1"], "ways must be an integer of at least 2, not 1"),
    (nothing, ["--ways", "five"], "five"),
    (nothing, ["--shots", "-1"], "shots must be"),
    (nothing, ["--iterations", "-5"], "iterations must be an integer of at least 1, not -5"),
    (nothing, ["--test-episodes", "0"], "test_episodes must be"),
    (nothing, ["--filters", "-2"], "filters must be"),
    (nothing, ["--seed", "-1"], "seed must be"),
    (nothing, ["--minutes", "nan"], "minutes must be a positive number, not nan"),
    (nothing, ["--minutes", "-1"], "minutes must be"),
    (nothing, ["--minutes", "1", "--iterations", "5"], "give one of them"),
    (nothing, ["--data", "omniglot", "--split", "lake"], "unknown split 'lake'"),
    (nothing, ["--nonsense"], "No such option"),
    (nothing, ["--out", "/dev/null/x"], "cannot be written"),
    (file_in_the_way, [], "minimeta-results cannot be written"),
    (empty_archive, ["--data", "omniglot"], "images_background.zip is empty"),
    (damaged_archive, ["--data", "omniglot"], "images_background.zip is damaged"),
    (archive_without_characters, ["--data", "omniglot"], "holds 0 characters"),
    (no_network, ["--data", "omniglot"], "is missing and could not be downloaded"),
])
def test_wrong_input_is_one_line_and_code_2(here, monkeypatch, prepare, arguments, message):
    import urllib.request
    monkeypatch.setattr(urllib.request, "urlopen", urllib.request.urlopen)     # to put it back
    prepare(here)
    done = compare(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("minimeta: ") and message in line


def test_an_interrupt_writes_and_prints_what_is_finished(here, monkeypatch):
    from minimeta.cli.progress import Progress

    def interrupt(self, event):
        if event.method == "fomaml" and event.stage == "train":
            raise KeyboardInterrupt
    monkeypatch.setattr(Progress, "__call__", interrupt)
    done = compare("--methods", "maml,fomaml", *LITTLE)
    assert done.exit_code == 130
    assert "MAML" in done.stdout and "FOMAML" not in done.stdout
    assert "glyphs" not in done.stdout, "an interrupt ends the whole run"
    assert "interrupted" in done.stderr
    home = here / "minimeta-results" / "sinusoid"
    assert [p.name for p in (home / "weights").iterdir()] == ["maml.npz"]
    assert json.loads((home / "table.json").read_text())["interrupted"] is True


def test_an_interrupt_elsewhere_is_no_traceback(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr("minimeta.cli.compare.probe", interrupt)
    done = compare(*LITTLE)
    assert done.exit_code == 130 and "Traceback" not in done.output


def test_help_and_version():
    assert run("--version").stdout == f"minimeta, version {minimeta.__version__}\n"
    for arguments in ([], ["--help"]):
        done = run(*arguments)
        assert done.exit_code == 0 and "compare" in done.stdout
    text = compare("--help").stdout
    for option in ("--data", "--methods", "--ways", "--shots", "--iterations", "--seed",
                   "--minutes", "--out", "--json", "--split", "--filters", "--test-episodes"):
        assert option in text


def test_an_unknown_command_is_one_line():
    done = run("compair")
    assert done.exit_code == 2 and len(done.stderr.splitlines()) == 1
