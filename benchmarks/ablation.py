"""What each part of the compiler is worth: microseconds a call with that part left out.

    python -m benchmarks.ablation [W1] [--seconds 20]

They take turns, each of a few calls after one that warms the caches; medians are shown.

Read next: workloads.py.
"""
import argparse
import contextlib
from unittest import mock

from minimeta import compile
from minimeta.compiler import buffers, builder, compiled
from minimeta.compiler.exact import EXACT
from minimeta.compiler.fast import FAST, SUMS

from .replay import calls, rounds
from .workloads import WORKLOADS


def without(rule):
    """The passes without one rule, given as its name."""
    passes = [{fn: [r for r in rules if f"{r.__module__}.{r.__name__}" != rule]
               for fn, rules in table.items()} for table in (EXACT, FAST, SUMS)]
    return mock.patch.object(compiled, "PASSES", passes)


@contextlib.contextmanager
def nothing_known():
    """Every call made as often as it is written."""
    class Forgetful(dict):
        def __contains__(self, key):
            return False
    make = builder.Builder.__init__

    def init(self, *args):
        make(self, *args)
        self.known = Forgetful()
    with mock.patch.object(builder.Builder, "__init__", init):
        yield


def variants():
    """Name -> a context in which a function is compiled without that part."""
    rules = sorted({f"{r.__module__}.{r.__name__}" for table in (FAST, SUMS)
                    for group in table.values() for r in group})
    return {
        "all": contextlib.nullcontext(),
        "no buffers": mock.patch.object(buffers, "takes_out", lambda call: False),
        "nothing written over": mock.patch.object(buffers.Layout, "_may_write_over",
                                                  lambda *args: False),
        "common calls repeated": nothing_known(),
        "exact rules only": mock.patch.object(compiled, "PASSES", [EXACT]),
        "no rules": mock.patch.object(compiled, "PASSES", [{}]),
        **{"without " + rule.removeprefix("minimeta.compiler."): without(rule) for rule in rules},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload", nargs="?", default="W1")
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    f, args, _ = WORKLOADS[options.workload]()
    made = {}
    for name, context in variants().items():
        made[name] = compile(f)
        with context:
            made[name](*args)
            made[name](*args)
    timed = [lambda: f(*args), *[lambda c=c: c(*args) for c in made.values()]]
    found = rounds(timed, options.seconds)
    print(f"{'eager':40s}{found[0]:10.1f}")
    for (name, c), time in zip(made.items(), found[1:]):
        print(f"{name:40s}{time:10.1f}{time - found[1]:+10.1f}{calls(c):7d} calls")


if __name__ == "__main__":
    main()
