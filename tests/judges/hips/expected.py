"""Tests of autograd that minimeta does not take or does not pass, and why.

Keys are ids of tests, with * for any characters.

Read next: __main__.py.
"""

# about autograd itself, not about derivatives of NumPy and SciPy: run, but not counted
LEFT_OUT = {
    "test_vspaces.py::*": "autograd.core.vspace, its vector spaces of values",
    "test_misc.py::test_const_graph*": "autograd.misc.const_graph, its tracer",
    "test_wrappers.py::test_deprecated_def*": "rules as methods of autograd.core.primitive",
    "test_logic.py::test_unimplemented_falseyness": "autograd.core.primitive_vjps, its table",
    "test_wrappers.py::test_wrapped_name_and_docs": "the wording of its docstrings",
    "test_linalg.py::test_pinv": "np.linalg._dot and np.linalg.T, private names of its NumPy",
    "test_numpy.py::test_make_diagonal": "np.make_diagonal, which it adds to NumPy",
    "test_numpy.py::test_diagonal": "np.make_diagonal, which it adds to NumPy",
    "test_wrappers.py::test_custom_where*": "its own np.where on plain values: keywords, lists",
    "test_scipy.py::test_convolve_generalization": "convolve(axes=, dot_axes=), its additions",
    "test_scipy.py::test_convolve_ignore*": "convolve(axes=, dot_axes=), its additions",
}

_LIST = ("NumPy does not look for traced arrays inside a list there, so its error says np.stack; "
         "autograd wraps the function")

# differences that stay, counted as failures
FAIL = {
    "test_linalg.py::test_norm_list_of_boxes": _LIST,
    "test_numpy.py::test_*_list_of_boxes": _LIST,
    "test_numpy.py::test_simple_append_list*": _LIST,
    "test_numpy.py::test_cast_to_int": "np.int64(x) of a traced array raises and names "
                                       "stop_gradient; autograd makes a constant of it unasked",
    "test_logic.py::test_nograd": "the gradient of a function that returns True or False is 0; "
                                  "autograd raises",
    "test_fft.py::test_rfftn_odd_not_implemented": "autograd has no derivative of rfftn of odd "
                                                   "lengths and tests that it raises; minimeta has",
    "test_scipy.py::test_odeint": "minimeta.scipy has no integrate.odeint",
}
