"""The one exception for data that cannot be had; read next: minimeta/meta/adapt.py."""


class DataError(Exception):
    """Data is missing, damaged or out of reach; the message is one line: the file and the cure."""
