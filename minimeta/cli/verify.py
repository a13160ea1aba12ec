"""`minimeta verify`: the theorems, computed; read next: target.py."""

from __future__ import annotations

from pathlib import Path

import click

WIDE = 100


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME ...]")
@click.option("--loss", metavar="MODULE:FUNCTION",
              help="Check those that hold for any loss on yours, a function of a vector.")
@click.option("--dimension", type=click.IntRange(min=1), default=3, show_default=True,
              help="Length of that vector.")
@click.option("--details", is_flag=True, help="A line for each single check.")
@click.option("--plot", type=click.Path(path_type=Path, file_okay=False),
              help="Folder for the figures.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, only.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="All randomness comes from it.")
@click.pass_context
def verify(context, names, loss, dimension, details, plot, as_json, seed):
    """Compute the theorems of meta-learning: A1 to A7 (MAML), B0 to B6 (Reptile), C1 to C11
    (prototypes), or those that are named.

    Each row gives the check nearest to its limit: the gap between the two sides, relative; the
    slope of a remainder in log-log; and how far apart the sides are when a hypothesis is broken.
    Exit code 1 if one fails.
    """
    import numpy as np
    from rich.console import Console

    from ..report.folder import dumps
    from ..report.theorems import as_json as plain
    from ..report.theorems import as_rich
    from ..run import verify as run
    from .target import find

    function = None if loss is None else find(loss)
    theta = None
    if function is not None:
        theta = np.random.default_rng(seed).uniform(-1, 1, dimension)
        held(function, theta)
    theorems = run.chosen(names, generic=function is not None)
    if plot is not None:
        writable(plot)
    outcomes = [run.verify(theorem, seed, function, theta) for theorem in theorems]
    if plot is not None:
        draw_all(theorems, plot, seed, quiet=as_json)
    failed = [o.theorem.key for o in outcomes if not o.passed]
    if as_json:
        click.echo(dumps({"theorems": plain(outcomes), "passed": not failed}), nl=False)
    else:
        console = Console()
        if not console.is_terminal:
            console = Console(width=WIDE)
        console.print(as_rich(outcomes, details))
        seconds = sum(o.seconds for o in outcomes)
        count = len(outcomes)
        click.echo(f"{', '.join(failed)} of {count} failed" if failed else
                   f"{'all ' if count > 1 else ''}{count} hold{'s' * (count == 1)}, "
                   f"{seconds:.0f} seconds")
    context.exit(1 if failed else 0)


def held(loss, theta) -> None:
    """Raise ClickException unless `loss` maps a vector to a number."""
    import numpy as np
    try:
        value = loss(theta)
    except Exception as error:      # anybody's code
        raise click.ClickException(f"--loss: the function raised {type(error).__name__}: {error} "
                                   f"at a vector of {theta.size} numbers; set --dimension") from error
    if np.shape(value) != () or np.asarray(value).dtype.kind != "f":
        raise click.ClickException(f"--loss: the function returned shape {np.shape(value)}, not a "
                                   "number: sum it")


def writable(folder: Path) -> None:
    """Make the folder; raise ClickException if that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written ({error.strerror}): give another "
                                   "folder with --plot") from error


def draw_all(theorems, folder: Path, seed: int, quiet: bool) -> None:
    """A PNG for each theorem that has a picture."""
    from ..report.theorems import draw
    from ..run.verify import generator

    drawn = [t for t in theorems if t.picture is not None]
    for theorem in drawn:
        draw(theorem.picture(generator(theorem, seed))).savefig(
            folder / f"{theorem.key}.png", bbox_inches="tight")
    if not quiet:
        click.echo(f"{len(drawn)} figures are in {folder}/")
