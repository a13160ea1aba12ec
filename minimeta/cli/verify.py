"""`minimeta verify`: the theorems, computed; read next: target.py."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from ..device import device as find_device
from ..run.settings import DEVICES, known

NARROW, WIDE = 80, 100             # characters of a line
DIMENSION = 3
STYLES = {"plain": {}, "head": {"bold": True}, "bad": {"fg": "red", "bold": True}}
SMALLEST, LARGEST = 1e-50, 1e50    # of a gradient: its powers up to the fifth are floats, too


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME ...]")
@click.option("--loss", metavar="MODULE:FUNCTION",
              help="Check those that hold for any loss on yours, a function of a vector.")
@click.option("--dimension", type=click.IntRange(min=1),
              help="Length of that vector.  [default: 3]")
@click.option("--details", is_flag=True, help="A line for each single check.")
@click.option("--plot", type=click.Path(path_type=Path, file_okay=False),
              help="Folder for the figures.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, only.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="All randomness comes from it.")
@click.option("--device", default="cpu", show_default=True, metavar="NAME",
              help="Where the loss is computed: cpu or gpu (CuPy).")
@click.pass_context
def verify(context, names, loss, dimension, details, plot, as_json, seed, device):
    """Compute the theorems of meta-learning: A1 to A7 (MAML), B0 to B6 (Reptile), C1 to C11
    (prototypes), or those that are named.

    Each row gives the check nearest to its limit: the gap between the two sides, relative; the
    slope of a remainder in log-log; and how far apart the sides are when a hypothesis is broken.
    Exit code 1 if one fails.

    With --device gpu those that hold for any loss are checked, on a random smooth one or on yours,
    which is given a vector on the GPU; it and its derivatives are computed there.
    """
    import numpy as np

    from ..report.folder import dumps
    from ..report.theorems import as_json as plain
    from ..report.theorems import as_lines, wrapped
    from ..run import verify as run
    from .target import find

    known("device", device, DEVICES)
    place = find_device(device)
    function = None if loss is None else find(loss)
    if function is None and dimension is not None:
        raise click.ClickException("--dimension is that of a loss of yours: give --loss, too")
    if place.name != "cpu":
        from ..run.carry import carried, random_loss
        rng = np.random.default_rng(seed)
        function = carried(function or random_loss(rng, DIMENSION, place), place)
        loss = f"{loss or 'a random smooth one'} on {place.about}"
    theorems = run.chosen(names, generic=function is not None)
    theta = None
    if function is not None:
        theta = np.random.default_rng(seed).uniform(-1, 1, dimension or DIMENSION)
        held(function, theta)
    if plot is not None:
        writable(plot)
    outcomes = [run.verify(theorem, seed, function, theta) for theorem in theorems]
    drawn = None if plot is None else draw_all(theorems, plot, seed)
    failed = [o.theorem.key for o in outcomes if not o.passed]
    if as_json:
        click.echo(dumps({"theorems": plain(outcomes), "passed": not failed}), nl=False)
    else:
        width = min(max(shutil.get_terminal_size((WIDE, 24)).columns, NARROW), WIDE)
        for line, kind in as_lines(outcomes, details, width):
            click.echo(click.style(line, **STYLES[kind]))
        for text in remarks(outcomes, loss, theta, seed, drawn, plot):
            click.echo("\n".join(wrapped(text, width)))
    context.exit(1 if failed else 0)


def counted(outcomes) -> str:
    """"1 theorem", "25 theorems"."""
    return f"{len(outcomes)} theorem{'s' * (len(outcomes) != 1)}"


def remarks(outcomes, loss, theta, seed: int, drawn, plot) -> Iterator[str]:
    """What is said below the table."""
    failed = [o.theorem.key for o in outcomes if not o.passed]
    if loss is not None:
        yield f"The loss is {loss}, around {vector(theta)} (--seed {seed})."
        if any(not f.passed for o in outcomes for f in o.findings):
            yield ("An expansion fails at a kink (abs, max, relu), or where a rule of yours is "
                   "wrong (minimeta check).")
    if drawn is not None:
        yield told_of(drawn, plot, own=loss is not None)
    yield (f"{', '.join(failed)} of {counted(outcomes)} failed" if failed else
           f"{'All ' * (len(outcomes) > 1)}{counted(outcomes)} hold{'s' * (len(outcomes) == 1)}, "
           f"in {sum(o.seconds for o in outcomes):.1f} seconds")


def vector(theta) -> str:
    """A vector in a line."""
    import numpy as np

    return np.array2string(theta, precision=2, threshold=6, max_line_width=1000)


def held(loss, theta) -> None:
    """Raise ClickException unless `loss` maps a vector to a finite float64 with a derivative."""
    import numpy as np

    from ..autodiff import grad
    from .target import files_of, told

    where = vector(theta)

    def bad(what: str) -> click.ClickException:
        return click.ClickException(f"--loss: the function {what}")
    try:
        with np.errstate(all="ignore"):
            value, moved = loss(theta), loss(theta + 1e-3)
            found = np.asarray(value)
            if found.dtype.kind not in "biufc":
                raise bad(f"returned a {type(value).__name__}, not a number")
            if found.shape:
                raise bad(f"returned shape {found.shape}, not a number: sum it")
            if found.dtype.kind not in "biu" and found.dtype != np.float64:
                raise bad(f"returned {found.dtype}, not float64: the limits are for float64")
            g = grad(loss)(theta)
    except click.ClickException:
        raise
    except Exception as error:      # anybody's code
        raise bad(f"raised {told(error, files_of([loss]))}, given a vector of {theta.size} "
                  "numbers (--dimension)") from error
    if not (np.isfinite(value) and np.all(np.isfinite(g))):
        raise bad(f"or its gradient is not finite at {where}: it is called around a random vector "
                  "in [-1, 1]; shift its argument")
    if not np.any(g):
        raise bad(f"is constant around {where}: if it is not so everywhere, try another --seed"
                  if moved == value else "has no gradient: float(), .item() or np.array() inside "
                  "it cut the derivative off")
    size = float(np.max(np.abs(g)))
    if not SMALLEST < size < LARGEST:
        raise bad(f"has a gradient of {size:.0e} at {where}, whose powers overflow or vanish: "
                  "scale the function")


def writable(folder: Path) -> None:
    """Make the folder; raise ClickException if that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written ({error.strerror}): give another "
                                   "folder with --plot") from error


def draw_all(theorems, folder: Path, seed: int) -> list[str]:
    """A PNG for each theorem that has a picture: their keys."""
    from ..report.theorems import draw
    from ..run.verify import generator

    drawn = [t for t in theorems if t.picture is not None]
    for theorem in drawn:
        draw(theorem.picture(generator(theorem, seed))).savefig(
            folder / f"{theorem.key}.png", bbox_inches="tight")
    return [t.key for t in drawn]


def told_of(drawn: list[str], folder: Path, own: bool) -> str:
    """A line about the figures; they show the theorems' own random losses."""
    from ..theory import THEOREMS

    if not drawn:
        able = ", ".join(key for key, t in THEOREMS.items() if t.picture is not None)
        return f"No figure was drawn: those that have one are {able}."
    figures = f"{len(drawn)} figure{'s' * (len(drawn) != 1)}"
    return (f"{figures} in {folder}/: {', '.join(drawn)}"
            + (" (of random losses, not of yours)." if own else "."))
