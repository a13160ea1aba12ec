"""Nested dicts, lists, tuples and NamedTuples of arrays, taken apart and put together again.

Read next: rules/ravel.py.
"""
import copy

_CONTAINERS = (dict, list, tuple, type(None))


def flatten(tree):
    """(leaves, rebuild): the leaves of a nested container, and its inverse on a list of leaves."""
    if isinstance(tree, dict):
        return _join(tree.values(), lambda parts: _dict_like(tree, parts))
    if isinstance(tree, (list, tuple)):
        make = getattr(tree, "_make", type(tree))
        return _join(tree, make)
    if tree is None:
        return [], lambda leaves: None
    return [tree], _first


def _first(leaves):
    return leaves[0]


def _dict_like(tree, parts):
    if type(tree) is dict:
        return dict(zip(tree, parts))
    new = copy.copy(tree)               # a defaultdict, which wants more than pairs
    new.update(zip(tree, parts))
    return new


def _join(children, make):
    children = list(children)
    if not any([isinstance(child, _CONTAINERS) for child in children]):
        return children, make
    parts = [flatten(child) for child in children]
    leaves = [leaf for child, _ in parts for leaf in child]
    if all(build is _first for _, build in parts):
        return leaves, make

    def rebuild(leaves):
        done, start = [], 0
        for child, build in parts:
            done.append(build(leaves[start:start + len(child)]))
            start += len(child)
        return make(done)
    return leaves, rebuild


def tree_map(f, tree):
    """`tree` with f applied to every leaf."""
    leaves, rebuild = flatten(tree)
    return rebuild([f(leaf) for leaf in leaves])


def leaves_like(tree, like, name="the cotangent"):
    """The leaves of `tree` in the order of those of `like`, whose structure it must have."""
    if isinstance(like, dict):
        if not isinstance(tree, dict) or tree.keys() != like.keys():
            raise _unlike(tree, f"a dict of {list(like)}", name)
        return [leaf for k in like for leaf in leaves_like(tree[k], like[k], name)]
    if isinstance(like, (list, tuple)):
        if not isinstance(tree, (list, tuple)) or len(tree) != len(like):
            raise _unlike(tree, f"{type(like).__name__} of {len(like)}", name)
        return [leaf for a, b in zip(tree, like) for leaf in leaves_like(a, b, name)]
    if isinstance(tree, dict) or (tree is None) != (like is None):
        raise _unlike(tree, "None" if like is None else "an array", name)
    return [] if like is None else [tree]


def _unlike(tree, expected, name):
    found = f"a dict of {list(tree)}" if isinstance(tree, dict) else type(tree).__name__
    size = f" of {len(tree)}" if isinstance(tree, (list, tuple)) else ""
    return ValueError(f"{name} has {found}{size} where {expected} is expected: give it the same "
                      "nested containers")
