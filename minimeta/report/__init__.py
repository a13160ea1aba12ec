"""Results as tables and pictures.

Read next: table.py.
"""
from .folder import write_folder
from .table import as_json, as_markdown, as_rich

__all__ = ["as_json", "as_markdown", "as_rich", "write_folder"]
