"""Theorems about meta-learning, computed: each file states one, with both sides and a
counterexample.

Read next: theorem.py.
"""
