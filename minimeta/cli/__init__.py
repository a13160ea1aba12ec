"""The command line: one small file a command.

Read next: main.py.
"""
