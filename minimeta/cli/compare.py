"""`minimeta compare`: all methods on the same tasks, in one table; read next: progress.py."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from ..device import device as find_device
from ..run.settings import DATA, METHODS, SPLITS, Settings, SettingsError, known

OUT = "minimeta-results"
WIDE = 1000


def listed(given: tuple[str, ...]) -> tuple[str, ...]:
    """Names of an option that may be repeated and may hold commas."""
    names = (name.strip().lower() for text in given for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


@click.command()
@click.option("--data", multiple=True, metavar="NAME[,NAME]",
              help=f"Data sets, of: {', '.join(DATA)}.  [default: sinusoid,glyphs]")
@click.option("--methods", multiple=True, metavar="NAME[,NAME]",
              help=f"Methods, of: {', '.join(METHODS)}.  [default: all]")
@click.option("--ways", type=int, default=5, show_default=True, help="Classes a task.")
@click.option("--shots", type=int,
              help="Support examples a class.  [default: 1; 10 points on sinusoids]")
@click.option("--iterations", type=int,
              help="Meta-steps of every method.  [default: a table's, for a run of minutes]")
@click.option("--minutes", type=float, help="In place of iterations: time for the whole run, "
              "at most, shared over data sets and methods.")
@click.option("--seed", type=int, default=0, show_default=True,
              help="All randomness comes from it.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True,
              help="Folder for tables, figures and weights.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, only.")
@click.option("--split", default="background", show_default=True, metavar="NAME",
              help=f"Split of Omniglot: {' or '.join(SPLITS)}.")
@click.option("--device", default="cpu", show_default=True, metavar="NAME",
              help="Where to compute: cpu or gpu (CuPy).")
@click.option("--filters", type=int, help="Of each convolution.  [default: 16; 64 on omniglot]")
@click.option("--test-episodes", type=int,
              help="Tasks to test on.  [default: 600; 1000 on sinusoids]")
@click.pass_context
def compare(context, data, methods, out, as_json, minutes, **options):
    """Train every method on the same tasks, test it on the same new tasks, print one table.

    Writes OUT/<data set>/: table.json, table.md, settings.json, figures and trained weights.
    Ctrl-C ends the run and keeps the methods that are finished.

    Omniglot is read from $MINIMETA_DATA/omniglot, and downloaded if it is not there.
    """
    names = listed(data) if data else ("sinusoid", "glyphs")
    if not names:
        raise SettingsError(f"no data set is named: choose from {', '.join(DATA)}")
    methods = listed(methods) if methods else None
    for name in names:
        known("data set", name, DATA)
    chosen = [Settings(name, methods, minutes=minutes, **options) for name in names]
    find_device(chosen[0].device)
    probe(out)
    finished = run_all(chosen, out, quiet=as_json)
    if as_json:
        from ..report import as_json as report_json
        from ..report.folder import dumps
        click.echo(dumps({"comparisons": [report_json(found) for found in finished]}), nl=False)
    else:
        click.echo(f"written to {out}/")
    if any(found.interrupted for found in finished):
        click.echo("minimeta: interrupted; what was finished is kept", err=True)
        context.exit(130)


def run_all(chosen: list[Settings], out: Path, quiet: bool) -> list:
    """The comparisons, one after the other; each is printed and written when it is finished."""
    from ..report import write_folder
    from ..run import compare as run_compare
    from ..run.budget import Budget
    from .progress import Progress

    minutes = chosen[0].minutes
    budget = Budget(None if minutes is None else 60 * minutes)
    finished = []
    for k, settings in enumerate(chosen):
        share = budget.share(len(chosen) - k)
        with Progress(settings.data) as progress:
            found = run_compare(settings, progress, None if share is None else share / 60)
        finished.append(found)
        if not quiet:
            print_table(found)
        try:
            write_folder(found, out)
        except OSError as error:
            raise SettingsError(f"{out} cannot be written ({error.strerror or error}): give "
                                "another folder with --out") from error
        if found.interrupted:
            break
    return finished


def print_table(found) -> None:
    """The table on stdout; in a pipe or file, which has no width, it is as wide as it is."""
    from rich.console import Console

    from ..report import as_rich

    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    console.print(as_rich(found, console.width))


def probe(out: Path) -> None:
    """Raise SettingsError unless files can be written in the folder `out`, which is made."""
    path = out / f".{secrets.token_hex(4)}.probe"
    try:
        out.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.unlink()
    except OSError as error:
        raise SettingsError(f"{out} cannot be written ({error.strerror}): give another folder "
                            "with --out") from error
