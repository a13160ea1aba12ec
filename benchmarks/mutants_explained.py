"""Mutants that no test can catch, since they change nothing that is claimed: file, place, reason.

Each row: patterns of the file and the function (whole), of "before -> after" (anywhere), and why.
A row excuses survivors only: what a test does catch is never looked up here.

Read next: mutants_page.py.
"""
SWAP = r"^(.+) @ (.+) -> \(?\2\)? @ \(?\1\)?$"           # of the two sides of a product, no more
STEP = "a step size that a check or a picture starts from: any other will do"
COUNT = "how many steps, points or sizes a check or a picture goes through: more, fewer will do"
CASE = "one of the cases that a counterexample fails in: any other will do"
SYMMETRIC = "the matrix is symmetric: H v = v H"
NOISE = "an estimate of round-off: any of its order will do"

EXPLAINED = [
    (r"maml_gradient", r"verify", r"^0\.5 -> 1\.5$", STEP),
    (r"fomaml_error", r"verify|picture", r"^0\.25 -> 1\.25$", STEP),
    (r"fomaml_error", r"verify", r"^4 -> 5$", NOISE),
    (r"fomaml_error", r"verify", r"^1 -> 2$", "a coefficient more, not used"),
    (r"fomaml_error", r"verify", r"^5 -> 6$", STEP),
    (r"fomaml_error", r"verify", r"^1\.5 -> 2\.5$", CASE),
    (r"fomaml_error", r"picture", r"^14 -> 15$", COUNT),
    (r"cost", r"verify", r"^0 -> 1$", "which network; the scale of a gap that is exactly 0"),
    (r"cost", r"verify", r"^2 -> 3$", COUNT),
    (r"quadratics", r"verify_fixed_points", r"^0\.6 -> 1\.6$",
     "where Newton's method starts: on quadratics its first iteration is exact"),
    (r"quadratics", r"picture", r"^-1 -> 1$", "a path of one step: its last point is its second"),
    (r"implicit", r"verify", r"^1\.0 -> 2\.0$|^0\.5 -> 1\.5$|^4 -> 5$|^0\.5 \* largest -> 0\.5 / ",
     "lambda, which the theorem leaves free where I + H / lambda is positive definite"),
    (r"implicit", r"verify", r"^100 -> 101$", COUNT),
    (r"implicit", r"picture", r"^20 -> 21$", COUNT),
    (r"reptile_update", r"verify_telescoping", r"^5 -> 6$", COUNT),
    (r"reptile_update", r"verify_telescoping", r"^0 -> 1$|^0\.3 -> 1\.3$", STEP),
    (r"reptile_update", r"picture", r"^1 -> 2$|^300 -> 301$", "descent has converged before"),
    (r"losses", r"log_cosh", r"^0 -> 1$|< 0 -> ", "log cosh is even: the branch avoids overflow "
     "only, far from 0"),
    (r"losses", r"(SmoothLoss|Quadratic)\.(__call__|gradient)", SWAP, SYMMETRIC),
    (r"fomaml_error", r"error_bound", r"^0\.0 -> 1\.0$", "for K = 0 the bound is 0, whatever L"),
    (r"fomaml_error", r"cosine", r"^f @ m -> m @ f$", "a product of vectors"),
    (r"fomaml_error", r"verify", r"^4 \* STEPS -> 4 / STEPS$", NOISE),
    (r"fomaml_error", r"verify", r"^bound < size -> bound <= size$",
     "equal on no generic loss, and the cosine is not negative then either"),
    (r"many_steps", r"distance_to_solutions|nearest_point", SWAP, SYMMETRIC),
    (r"many_steps", r"verify", r"^np\.log\(1e-08\) / np\..* -> np\.log\(1e-08\) \* np", COUNT),
    (r"minibatches", r"_problem", r"^0\.1 -> 1\.1$", STEP),
    (r"minibatches", r"verify_path_gradients", r"^14 -> 15$", COUNT),
    (r"minibatches", r"verify_path_gradients", r"^16 -> 17$", NOISE),
    (r"minibatches", r"verify_path_gradients", r"^3 -> 4$|^-1 -> 1$", STEP),
    (r"minibatches", r"verify_expectations", r"^16 -> 17$|^largest / 16 -> ", STEP),
    (r"minibatches", r"verify_expectations", r"^4 -> 5$", COUNT),
    (r"minibatches", r"verify_expectations", r"^64 -> 65$|^64 \* k -> 64 / k$", NOISE),
    (r"reptile_expansion", r"measured_coefficients", r"^4 -> 5$", "a coefficient more, not used"),
    (r"reptile_expansion", r"", r"^12 -> 13$", COUNT),
    (r"reptile_expansion", r"verify|picture", r"^0\.25 -> 1\.25$", STEP),
    (r"reptile_expansion", r"verify", r"^16 -> 17$", COUNT),
    (r"reptile_expansion", r"verify", r"^2 -> 3$", NOISE),
    (r"implicit", r"", r"^3 -> 4$", "Newton's method has converged before"),
    (r"quadratics", r"weight", r" -> H @ ", "H commutes with its powers"),
    (r"quadratics", r"weighted_optimum", r"^m @ ", SYMMETRIC),
    (r"quadratics", r"fixed_point", r"^20 -> 21$| <= 1e-14 .* < 1e-14",
     "when Newton's method stops, converged"),
    (r"cost", r"", r"^0\.01 -> 1\.01$", "no count depends on the step size"),
    (r"implicit", r"conjugate_gradients", r"^2 -> 3$", "more iterations than are ever needed"),
    (r"implicit", r"cg_errors", r"^\(x - exact\) @ .* -> (A|\(x - exact\)) @ ", SYMMETRIC),
    (r"slopes", r"", r"^200 -> 201$", NOISE),
    (r"slopes", r"taylor", r"^1 -> 2$", "reshape takes any negative size for the one to find"),
    (r"slopes", r"components", r"^1 -> 2$", "what a column of zeros is divided by is no matter"),
    (r"reptile_quadratic", r"quadratic_update",
     r"^-\(one - .* -> np\.linalg\.solve\(H, g\) @ -\(one", SYMMETRIC),
    (r"reptile_quadratic", r"geometric_sum", r"^H @ v -> v @ H$", SYMMETRIC),
    (r"reptile_quadratic", r"verify", r"^64 -> 65$|^64 \* EPS \* np.* -> 64 \* EPS / np", NOISE),
    (r"reptile_quadratic", r"verify", r"^3 -> 4$", "the rank of a singular matrix of five rows"),
    (r"reptile_quadratic", r"verify", r"^0\.25 -> 1\.25$", STEP),
    (r"reptile_quadratic", r"verify", r"^14 -> 15$", COUNT),
    (r"discriminant", r"discriminant", r"1e-09 -> .*>= 1e-09", "a sum exactly at its tolerance"),
    (r"mean", r"check_weights", r"> 1e-09 -> .*>= 1e-09", "a sum exactly at its tolerance"),
    (r"mean", r"geometric_median", r"^100 -> 101$|^40 -> 41$", "more than are ever needed"),
    (r"mean", r"geometric_median", r"^2 -> 3$", "any factor shortens a step"),
    (r"mean", r"geometric_median", r"^length <= .* -> length < ", "a length at its tolerance"),
    (r"mean", r"geometric_median", r"^plain_cost.* < .* -> .* <= ", "of equal costs both are best"),
    (r"generators", r"definite", r"^root @ root\.T -> root\.T @ root$", "as random a matrix"),
    (r"generators", r"inverse_gradient", r"^100 -> 101$|^40 -> 41$", "more than are ever needed"),
    (r"generators", r"inverse_gradient", r"^2 -> 3$", "any factor shortens a step"),
    (r"generators", r"inverse_gradient", r"^size_tried < size -> size_tried <= size$",
     "of equal residuals neither is nearer, to the last digit"),
    (r"confidence", r"opposite", r"^1 -> 2$", "the dimension of the features: any other will do"),
    (r"linear_classifier", r"picture", r">= np.max.* -> .*> np.max", "a value at its tolerance"),
]
