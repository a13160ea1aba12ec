"""Benchmarks: workloads through the public API, and what runs them.

Read next: workloads.py.
"""
