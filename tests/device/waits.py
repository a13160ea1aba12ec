"""Functions of CuPy that wait for the device inside, as read in the source of CuPy 14.2.

Read next: standin.py.
"""
# they have to know numbers before they know the shape of a result, or where to go on
ALWAYS = set("nonzero flatnonzero argwhere extract compress unique unique_all unique_counts "
             "unique_inverse unique_values bincount choose delete intersect1d union1d setdiff1d "
             "setxor1d histogram histogram2d histogramdd trim_zeros piecewise ravel_multi_index "
             "unravel_index place isin linalg.matrix_rank linalg.lstsq".split()
             # they look for nan, inf or zeros in a result, and make something else of those
             + "nanmax nanmin real_if_close linalg.cond".split())
# the same, of cupyx.scipy
SCIENCE = {"expm", "multigammaln"}
# name -> whether a call waits, of its arguments bound by their names, with a test for arrays
SOMETIMES = {
    "where": lambda bound, array: "x" not in bound,
    "average": lambda bound, array: bound.get("weights") is not None,
    "linspace": lambda bound, array: array(bound["start"]) or array(bound["stop"]),
    "array_equal": lambda bound, array: bound.get("equal_nan", False),
    "gradient": lambda bound, array: any(array(d) and d.ndim for d in bound.get("varargs", ())),
    "percentile": lambda bound, array: array(bound["q"]),
    "quantile": lambda bound, array: array(bound["q"])}


def waits(name, bound, array):
    """Whether NumPy's function of that name, with arguments bound {name: value}, waits."""
    return name in ALWAYS or name in SOMETIMES and bool(SOMETIMES[name](bound, array))
