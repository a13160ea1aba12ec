"""Measurements that no test makes: speed, counts beside other programs, mutants.

Each module is a command, `python -m benchmarks.<name>`, that says at its top what it measures.

Read next: __main__.py.
"""
