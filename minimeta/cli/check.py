"""`minimeta check`: are the derivatives of somebody's function right?; read next: target.py."""

from __future__ import annotations

import contextlib
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from ..device import device as find_device
from ..device import on_gpu
from ..run.settings import DEVICES, known
from .inputs import Call, argnums, cast, draw, parse_shapes, read_npz
from .target import FORMS, files_of, find, ours, place, told

CODES = {"OK": 0, "WRONG": 1, "INCONCLUSIVE": 3}
COLOURS = {"OK": "green", "WRONG": "red", "INCONCLUSIVE": "yellow"}
FIGURES = (".png", ".pdf", ".svg")


@dataclass
class Case:
    """A function, its arguments, and what else is known: keywords of check_grads.

    about -- where the arguments come from; wrap -- makes df and hvp functions of the same args
    """
    f: Callable
    args: tuple
    options: dict = field(default_factory=dict)
    about: str = ""
    wrap: Callable = staticmethod(lambda g: g)

    def names(self) -> list[str]:
        """What the arguments are called."""
        try:
            known = [p.name for p in inspect.signature(self.f).parameters.values()
                     if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        except (TypeError, ValueError):
            known = []
        return (known + [f"argument {i}" for i in range(len(known), len(self.args))])[
            :len(self.args)]


@click.command()
@click.argument("target", required=False)
@click.option("--shape", "shapes", multiple=True, metavar="NAME=N,M",
              help="Draw the parameter NAME with this shape; NAME= draws a number.  Repeat it for "
              "other parameters.")
@click.option("--inputs", type=click.Path(path_type=Path), metavar="FILE.npz",
              help="Take arrays from this file, by the names of the parameters.")
@click.option("--case", metavar="FUNCTION",
              help="In place of TARGET: a function without parameters that returns (f, args).")
@click.option("--df", metavar="FUNCTION", help="The gradient to check, of the same arguments.  "
              "[default: the one that minimeta finds]")
@click.option("--hvp", metavar="FUNCTION", help="With --df: hvp(*args, v), the Hessian times v.")
@click.option("--order", type=click.IntRange(min=1), help="Highest order of derivatives to check.  "
              "[default: 2; 1 with --df alone]")
@click.option("--argnums", "chosen", metavar="NAME[,NAME]",
              help="Parameters to differentiate in.  [default: all of floating-point numbers]")
@click.option("--directions", type=click.IntRange(min=1), default=3, show_default=True,
              help="Random directions, where entries are not checked one by one.")
@click.option("--full/--no-full", default=None,
              help="Check each entry, or directions only.  [default: each, if they are few]")
@click.option("--dtype", type=click.Choice(["float32", "float64"]),
              help="Of all floating-point arguments.  [default: float64, or as in the file]")
@click.option("--device", default="cpu", show_default=True, metavar="NAME",
              help="Where the arguments are: cpu or gpu (CuPy).")
@click.option("--positive", is_flag=True, help="Draw positive numbers only.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of the arguments and the directions.")
@click.option("--nondet-tol", type=click.FloatRange(min=0), default=0.0, show_default=True,
              help="How much two runs of the function may differ.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.png",
              help="Draw error against step size.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, only.")
@click.option("--traceback", "full_story", is_flag=True,
              help="Show the whole traceback if a function raises.")
@click.pass_context
def check(context, target, shapes, inputs, case, df, hvp, order, chosen, full, dtype, device,
          positive, plot, as_json, full_story, **options):
    """Check derivatives of TARGET against what the function itself does, with an error bound.

    TARGET is module:function or path/to/file.py:function.  The function maps arrays to a number
    or to arrays.  With --df, somebody's gradient of it is checked: of NumPy code by hand, of
    PyTorch, of JAX.

    \b
    minimeta check loss.py:loss --shape w=3 --shape x=5,3
    minimeta check loss.py:loss --df loss.py:gradient --inputs batch.npz

    Exit codes: 0 OK, 1 WRONG, 3 INCONCLUSIVE, 2 for a mistake in the command or an exception in
    TARGET.
    """
    if plot is not None:
        probe(plot)
    if hvp and not df:
        raise click.ClickException("--hvp is for somebody's gradient: give that with --df")
    known("device", device, DEVICES)
    where = find_device(device)
    with contextlib.redirect_stdout(sys.stderr):      # what TARGET prints is no part of the report
        with watched(full_story):
            found = the_case(target, case, shapes, inputs, options["seed"], positive)
            given = {name: found.wrap(find(spec)) for name, spec in (("df", df), ("hvp", hvp))
                     if spec}
        asked = {"order": order, "full": full,
                 "argnums": argnums(chosen, found.names()) if chosen else None}
        options |= found.options | given | {k: v for k, v in asked.items() if v is not None}
        if "df" in options and "hvp" not in options:
            options.setdefault("order", 1)
        if dtype is not None:
            found.args = tuple(cast(a, dtype) for a in found.args)
        if where.name != "cpu":
            found.args = where.put(found.args)
            found.about += f", on {where.about}"
        with watched(full_story, found, options):
            import numpy as np

            from ..check import check_grads
            with np.errstate(all="ignore"):     # a value that is not finite is in the report
                report = check_grads(found.f, *found.args, **options)
    if plot is not None:
        draw_plot(report, plot)
    if as_json:
        click.echo(report.to_json())
    else:
        show(report, found, df, dtype)
        if plot is not None:
            click.echo(f"\ndrawn in {plot}")
    context.exit(CODES[report.verdict])


def the_case(target: str | None, case: str | None, shapes: Sequence[str], inputs: Path | None,
             seed: int, positive: bool) -> Case:
    """The function that the command is about, and its arguments."""
    if case:
        if target or shapes or inputs:
            raise click.ClickException("--case brings the function and its arguments: leave out "
                                       "TARGET, --shape and --inputs")
        return made(find(case), case)
    if not target:
        raise click.ClickException(f"what is to be checked? name a TARGET, {FORMS}, or a --case")
    f = find(target)
    sizes = parse_shapes(shapes)
    if not sizes and not inputs and takes_nothing(f):
        return made(f, target)
    values = read_npz(inputs) if inputs else {}
    twice = [name for name in sizes if name in values]
    if twice:
        raise click.ClickException(f"{twice[0]} is in {inputs}, too: leave out --shape {twice[0]}")
    call = Call(f, target.rpartition(":")[2], [*sizes, *values], optional=set(values))
    unused = [name for name in values if name not in call.names]
    if unused:
        click.echo(f"minimeta: not used, of {inputs}: {', '.join(unused)}", err=True)
    drawn = draw({n: sizes[n] for n in call.names if n in sizes}, seed, positive)
    values |= drawn
    about = [f"drawn with --seed {seed}"] * bool(drawn) + [f"from {inputs}"] * bool(inputs)
    return Case(call.positional(), tuple(values[name] for name in call.names),
                about=", ".join(about), wrap=call.positional)


def takes_nothing(f: Callable) -> bool:
    """Whether a function has no parameters at all."""
    try:
        return not inspect.signature(f).parameters
    except (TypeError, ValueError):
        return False


def made(make: Callable, spec: str) -> Case:
    """The Case that a function without parameters returns: (f, args), or (f, args, keywords)."""
    result = make() if takes_nothing(make) else None
    if not (isinstance(result, tuple) and len(result) in (2, 3) and callable(result[0])
            and isinstance(result[1], (tuple, list))
            and all(isinstance(keywords, dict) for keywords in result[2:])):
        raise click.ClickException(f"{spec} must be a function without parameters that returns "
                                   "(f, args), args a tuple")
    f, args, *keywords = result
    return Case(f, tuple(args), dict(*keywords), f"from {spec}")


@contextlib.contextmanager
def watched(full_story: bool, found: Case | None = None, options: dict | None = None):
    """An exception of anybody's code becomes one line; with `full_story`, its traceback first."""
    try:
        yield
    except click.ClickException as error:
        if full_story and error.__cause__ is not None:
            traceback.print_exception(error.__cause__, file=sys.stderr)
        raise
    except (Exception, SystemExit) as error:
        if full_story:
            traceback.print_exception(error, file=sys.stderr)
        raise click.ClickException(complaint(error, found, options or {})) from error


def complaint(error: BaseException, found: Case | None, options: dict) -> str:
    """One line on an exception: whose it is, what it says and where it was raised."""
    functions = [found.f, options.get("df"), options.get("hvp")] if found else []
    files = files_of(functions)
    frame = place(error, files)
    if frame is None and isinstance(error, (TypeError, ValueError)) and ours(error):
        some = str(error).startswith("df returned shapes") and "argnums" not in options
        names = found.names() if found and some else []
        return str(error) + (f"; for a gradient in {names[0]} alone, --argnums {names[0]}"
                             if len(names) > 1 else "")
    if frame is None and files:
        return f"the check itself failed: {told(error)} (--traceback shows where)"
    name = frame.name if frame else getattr(functions[0], "__name__", "TARGET") if functions \
        else "TARGET"
    line = f"{name} raised {told(error, files)}"
    if found and "df" not in options and runs(found):
        line += "; it runs on plain arrays: to check a gradient of your own, give --df"
    return line


def runs(found: Case) -> bool:
    """Whether the function can be called at all."""
    try:
        found.f(*found.args)
    except (Exception, SystemExit):
        return False
    return True


def show(report, found: Case, df: str | None, dtype: str | None) -> None:
    """The report, under a line that says what was checked."""
    import numpy as np
    arguments = [f"{name} {tuple(a.shape)} {a.dtype}" if isinstance(a, np.ndarray) or on_gpu(a)
                 else name for name, a in zip(found.names(), found.args)]
    whose = df or ("df of the case" if "df" in found.options else "minimeta")
    head = f"Gradient by {whose}, at {', '.join(arguments)}; {found.about}"
    click.echo(head if len(head) <= 100 else head[:99] + "\N{HORIZONTAL ELLIPSIS}")
    verdict, colon, rest = str(report).partition(":")
    click.echo(click.style(verdict, fg=COLOURS[report.verdict], bold=True) + colon + rest)


# ---------------------------------------------------------------- the figure

def probe(path: Path) -> None:
    """Raise ClickException unless a figure can be written to a path."""
    if path.suffix.lower() not in FIGURES:
        raise click.ClickException(f"--plot {path}: end its name in {', '.join(FIGURES)}")
    if not path.parent.is_dir():
        raise click.ClickException(f"--plot {path}: there is no folder {path.parent}; make it, or "
                                   "give another path")
    new = not path.exists()
    try:
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        raise cannot(path, error) from error


def draw_plot(report, path: Path) -> None:
    """Write the report's figure."""
    try:
        report.plot(path)
    except OSError as error:
        raise cannot(path, error) from error


def cannot(path: Path, error: OSError) -> click.ClickException:
    """The complaint about a path that cannot be written."""
    return click.ClickException(f"--plot {path} cannot be written ({error.strerror or error}): "
                                "give another path")
