"""Nested dicts, lists, tuples and NamedTuples of arrays, taken apart and put together again.

Read next: rules/ravel.py.
"""


def flatten(tree):
    """(leaves, rebuild): the leaves of a nested container, and its inverse on a list of leaves."""
    if isinstance(tree, dict):
        return _join(tree.values(), lambda parts: type(tree)(zip(tree, parts)))
    if isinstance(tree, (list, tuple)):
        make = getattr(tree, "_make", type(tree))
        return _join(tree, make)
    if tree is None:
        return [], lambda leaves: None
    return [tree], lambda leaves: leaves[0]


def _join(children, make):
    parts = [flatten(child) for child in children]
    leaves = [leaf for child, _ in parts for leaf in child]

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
