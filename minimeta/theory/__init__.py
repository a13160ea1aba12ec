"""The theorems of meta-learning: one file each, with both sides computed, and a counterexample.

Read next: theorem.py, losses.py, slopes.py, then maml_gradient.py.
"""
