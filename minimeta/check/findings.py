"""What a survey found, as a row of the report: the worst entry, its bound, the verdict and why.

Read next: further.py.
"""
import math

import numpy as np

from .lines import JUMP, SMOOTH
from .report import INCONCLUSIVE, OK, WRONG, Row
from .survey import CONFIRM, EDGE, FALSE, KINK

SMALLEST = 9 / 16       # the smallest entry of a direction
BLIND = 0.2             # nothing is verified where the resolution is this much of the derivative


def row(order, survey, at, names, checked, sight=None):
    """The Row of the line and component `at` of a survey, in units of the derivative.

    sight -- what `seen` gave, where it was another survey that saw all
    """
    inputs, leaf, (i, c) = survey.inputs, survey.leaf, at
    found, line, state = survey.found, survey.lines[i], survey.state[i, c]
    resolution, largest = sight or seen(survey)
    verdict, reason = judged(survey, i, c, resolution, largest)
    if state != FALSE and line.unit is None:
        entry = f"direction {i}"
    elif line.unit is None:
        entry = f"direction {i}, more than one entry"
    else:
        entry = str(list(inputs.index(leaf, line.unit))) if inputs.shapes[leaf] else "(number)"
    claimed, numeric, tolerance = (number / line.scale for number in survey.beside.get(
        (i, c), (survey.claimed[i, c], found.value[i, c], survey.tolerance[i, c])))
    with np.errstate(invalid="ignore"):
        difference = float(abs(claimed - numeric))
    return Row(order, inputs.names[leaf], inputs.shapes[leaf], entry + names[c], float(claimed),
               float(numeric), difference, float(tolerance), resolution,
               resolution / largest if largest > 0 else math.inf, verdict, reason, checked,
               curve(survey, i, c, line.scale))


def seen(survey):
    """(resolution, largest): from where on an error of one entry is seen; the largest claim."""
    scale = np.array([line.scale for line in survey.lines])[:, None]
    visible = np.isfinite(survey.found.bound)
    smallest = 1.0 if survey.lines[0].unit is not None else SMALLEST
    errors = np.where(visible, 2 * survey.tolerance / scale / smallest, 0)
    claims = np.where(np.isfinite(survey.claimed), np.abs(survey.claimed), 0) / scale
    return float(errors.max()) if visible.any() else math.inf, float(claims.max(initial=0))


def judged(survey, i, c, resolution, largest):
    """(verdict, reason) of one claim, the worst of a survey."""
    state, line, at = survey.state[i, c], survey.lines[i], (i, c)
    if state == FALSE:
        if at in survey.beside:
            return WRONG, "these numbers are those beside a kink, where all is smooth"
        wrong, of = int(np.sum((survey.state == FALSE).any(axis=1))), len(survey.lines)
        about = "" if wrong < CONFIRM else "about "
        return WRONG, f"{about}{wrong} of {of} entries are wrong" if wrong > 1 and \
            line.unit is not None else ""
    if state == EDGE:
        return INCONCLUSIVE, "edge of the domain: no finite values on both sides"
    if state == KINK:
        return INCONCLUSIVE, kink_reason(survey, i, c, line.scale)
    # a claim of zero is held against what the function could do over the scale of its inputs
    size = largest or float(np.max(np.abs(survey.centre), initial=0)) / line.scale
    if size > 0 and resolution > BLIND * size:
        claim = f"at most {largest:.1e}" if largest else "zero"
        return INCONCLUSIVE, (f"noise floor: the claim is {claim}, and what can be seen starts at "
                              f"{resolution:.1e}")
    return OK, ""


def worst(survey):
    """(line, component) of the most serious finding."""
    rank = np.select([survey.state == FALSE, survey.state == KINK, survey.state == EDGE],
                     [3, 2, 1], 0)
    top = rank == rank.max()
    at = np.argmax(np.where(top, np.nan_to_num(survey.over, posinf=1e300), -1))
    return np.unravel_index(at, rank.shape)


def kink_reason(survey, i, c, scale):
    """What happens at a kink or a jump."""
    found = survey.found
    if found.kink[i, c] == JUMP:
        return "kink: what is differentiated jumps here, so that it has no derivative"
    if found.kink[i, c] == SMOOTH:
        return "kink: other entries have one along this line, as large as what is off here"
    low, high = sorted((found.left[i, c] / scale, found.right[i, c] / scale))
    claim, slack = survey.claimed[i, c] / scale, 1e-3 * (high - low)
    inside = low - slack <= claim <= high + slack
    return (f"kink: one-sided slopes {low:.4g} and {high:.4g}; the claim, {claim:.4g}, lies "
            f"{'between' if inside else 'outside'} them")


def curve(survey, i, c, scale):
    """The ladder at one entry: what `Report.plot` draws."""
    found, claimed = survey.found, survey.claimed[i, c]
    t = found.steps[i]
    keep = np.isfinite(t)
    with np.errstate(invalid="ignore"):
        return {"steps": (t[keep] * scale).tolist(),
                "central": (np.abs(found.central[i, keep, c] - claimed) / scale).tolist(),
                "richardson": (np.abs(found.richardson[i, keep, c] - claimed) / scale).tolist(),
                "bound": (4 * found.bounds[i, keep, c] / scale).tolist()}
