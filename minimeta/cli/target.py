"""Functions that are named on the command line, and what is said when they raise.

Read next: inputs.py.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

import click

import minimeta

OURS = str(Path(minimeta.__file__).parent) + os.sep
LIBRARIES = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib",
                                                                  "purelib", "platlib")})
# what CuPy says of an array of NumPy's, and what to do about it
UNMIXED = "Unsupported type <class 'numpy.ndarray'>"
MIX = "; to bring an array a to where x is: np.asarray(a, like=x)"
FORMS = "module:function or path/to/file.py:function"


def find(spec: str) -> Callable:
    """The function of a name, "module:function" or "path/to/file.py:function".

    The current directory can be imported from, and so can the folder of a file.  ClickException
    says in one line what is not there, or what a file raised when it was imported.
    """
    where, colon, name = spec.rpartition(":")
    if not colon and spec.endswith(".py"):
        where, name = spec, ""
    if not where:
        raise click.ClickException(f"{spec!r} names no function: write {FORMS}")
    module = load(where)
    if not name:
        raise click.ClickException(f"{where}: no function is named{offer('', module)}")
    found: object = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise click.ClickException(f"{where} has no function {name}{offer(name, module)}")
        found = getattr(found, part)
    if not callable(found):
        raise click.ClickException(f"{spec} is of type {type(found).__name__}, not a function"
                                   f"{offer('', module)}")
    return found


def offer(name: str, module: ModuleType) -> str:
    """The functions of a module that may have been meant: those with a similar name, or all."""
    own = [key for key, value in vars(module).items() if inspect.isfunction(value)
           and value.__module__ == module.__name__ and key.isidentifier()]
    public = [key for key in own if not key.startswith("_")] or own
    callables = [key for key, value in vars(module).items() if callable(value)]
    near = get_close_matches(name, callables, 3)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    more = ", ..." if len(public) > 8 else ""
    return f"; it has {', '.join(public[:8])}{more}" if public else "; it has none"


def load(where: str) -> ModuleType:
    """A module by its dotted name, or by the path of its file; each is loaded once."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    path = Path(where)
    if path.suffix == ".py" or not all(part.isidentifier() for part in where.split(".")):
        return load_file(path)
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name and (where == error.name or where.startswith(error.name + ".")):
            hint = f": for a file, write {where}.py" if (path.parent / f"{where}.py").is_file() \
                else f": neither in {here} nor installed{similar(path.with_suffix('.py'))}"
            raise click.ClickException(f"no module {error.name!r}{hint}") from error
        raise click.ClickException(f"{where} cannot be imported: {told(error)}") from error
    except (Exception, SystemExit) as error:
        raise click.ClickException(f"{where} cannot be imported: {told(error)}") from error


def load_file(path: Path) -> ModuleType:
    """The module in a file; its folder can be imported from, as with `python file.py`."""
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "is not there"
        raise click.ClickException(f"{path} {what}{similar(path)}")
    full = str(path.resolve())
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == full:
            return module
    sys.path.insert(0, os.path.dirname(full))
    # a file may be called like a module that is there, random.py: leave that one in its place
    name = path.stem if path.stem not in sys.modules else f"minimeta_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, full)
    if spec is None or spec.loader is None:
        raise click.ClickException(f"{path} is no Python file: its name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise click.ClickException(f"{path} cannot be imported: {told(error)}") from error
    return module


def similar(path: Path) -> str:
    """A question about the Python files beside a path that is not there."""
    try:
        beside = [p.name for p in path.parent.iterdir() if p.suffix == ".py"]
    except OSError:
        return ""
    near = get_close_matches(f"{path.stem}.py", beside, 1)
    return f"; did you mean {path.parent / near[0]}?" if near else ""


# ---------------------------------------------------------------- what was raised, and where

def files_of(functions: Iterable[Callable | None]) -> set[str]:
    """The files in which some functions are written."""
    codes = (getattr(inspect.unwrap(f), "__code__", None) for f in functions if f is not None)
    return {code.co_filename for code in codes if code is not None}


def place(error: BaseException, files: Iterable[str] = ()) -> traceback.FrameSummary | None:
    """The last frame in one of the files; else the last in code that is not a library's."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if f.filename in set(files)]
    foreign = [f for f in frames if not f.filename.startswith((OURS, "<frozen", *LIBRARIES))]
    return (inside or foreign or [None])[-1]


def ours(error: BaseException) -> bool:
    """Whether minimeta itself raised an exception, as it does about its arguments."""
    return traceback.extract_tb(error.__traceback__)[-1].filename.startswith(OURS)


def told(error: BaseException, files: Iterable[str] = ()) -> str:
    """Type, message and place of an exception: "ValueError: too short (mine.py line 3: f(x))"."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({shown(error.filename)} line {error.lineno})"
    frame = place(error, files)
    if frame is None:
        return text
    code = f": {frame.line}" if frame.line else ""
    cure = MIX if isinstance(error, TypeError) and UNMIXED in str(error) else ""
    return f"{text} ({shown(frame.filename)} line {frame.lineno}{code}){cure}"


def shown(filename: str | None) -> str:
    """A path, relative to the current directory if it is in there."""
    if filename is None:
        return "?"
    try:
        return str(Path(filename).relative_to(os.getcwd()))
    except ValueError:
        return filename
