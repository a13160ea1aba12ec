"""Benchmarks: workloads through the public API, the same by other libraries, and what runs them.

Read next: problems.py.
"""
