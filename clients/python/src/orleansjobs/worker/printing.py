"""What handlers print is seen when it is printed, wherever that goes, and is not lost with a process."""
from __future__ import annotations

import sys
from typing import Any


def write_lines() -> None:
    """Line by line, as to a terminal: Python gathers 8 KiB of what goes into a pipe or a file."""
    for stream in _streams():
        try:
            stream.reconfigure(line_buffering=True)
        except (AttributeError, OSError, ValueError):
            pass  # somebody has put something else in its place


def write_out() -> None:
    """What is no whole line yet too."""
    for stream in _streams():
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # nobody reads it


def _streams() -> "list[Any]":
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
