"""Bars on a terminal, lines elsewhere, and never on stdout."""
import io
import subprocess
import sys

from minimeta.cli.progress import Progress
from minimeta.run import Event

EVENTS = [Event("maml", "time"), *(Event("maml", "train", k, 30) for k in range(1, 31)),
          Event("maml", "test"), Event("maml", "done")]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(stream, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("glyphs") as progress:
        for event in EVENTS:
            progress(event)
    return stream.getvalue()


def test_a_pipe_gets_one_line_a_method(monkeypatch):
    text = show(io.StringIO(), monkeypatch)
    assert text.startswith("glyphs: MAML finished in ") and text.count("\n") == 1


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    text = show(Terminal(), monkeypatch)
    assert "30/30" in text and "MAML" in text and "finished in" not in text
    assert capsys.readouterr().out == ""


def test_asking_for_help_loads_nothing_heavy():
    code = ("import sys; from minimeta.cli.main import main\n"
            "main(['compare', '--help'], standalone_mode=False)\n"
            "print([m for m in ('matplotlib', 'rich', 'scipy', 'PIL') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
