"""Mutants that no test can catch, since they change nothing that is claimed: file, place, reason.

Each row: patterns of the file and the function (whole), of "before -> after" (anywhere), and why.

Read next: maml_cost.py.
"""
EXPLAINED = [
]
