"""Mutants of the theorems about prototypes that no test can catch.

Each row: patterns of the file and the function (whole), of "before -> after" (anywhere), and why.

Read next: mutants_explained.py.
"""
EXPLAINED = [
    ("discriminant", "discriminant", "1e-09 -> .*>= 1e-09", "a sum exactly at its tolerance"),
    ("discriminant", "verify", "0.4 -> 1.4", "another covariance for one of the classes"),
    ("mean", "check_weights", "> 1e-09 -> .*>= 1e-09", "a sum exactly at its tolerance"),
    ("mean", "geometric_median", "1000 -> 1001", "a limit of iterations"),
    ("linear_classifier", "verify", r"^[45] -> \d$", "more points, more prototypes"),
    ("linear_classifier", "picture", ">= np.max.* -> .*> np.max", "a value at its tolerance"),
    ("averaging", "verify", r"^[236] -> \d$|^\d+\.0 -> \d+\.0$", "another sample, another outlier"),
    ("averaging", "picture", "2 -> 3", "examples of three coordinates, of which one is moved"),
    ("geometry", "verify", r"^\d+\.0 -> \d+\.0$", "another scale, another tie"),
]
