"""How a child process logs: as its parent does, whose settings a process that is started anew knows nothing of."""
from __future__ import annotations

import logging
from typing import Any, Dict, Optional


def how_this_process_logs() -> Optional[Dict[str, Any]]:
    """What `logging.basicConfig` is to be told in a child; None where nobody has told this process anything."""
    root = logging.getLogger()
    if not root.handlers:
        return None
    formatter = next((handler.formatter for handler in root.handlers if handler.formatter is not None), None)
    how: Dict[str, Any] = {"level": root.level, "filename": next((one.baseFilename for one in root.handlers if isinstance(one, logging.FileHandler)), None)}
    if formatter is not None:
        how.update(format=getattr(formatter, "_fmt", None), datefmt=formatter.datefmt)
    return {name: value for name, value in how.items() if value is not None}


def log_so(how: Optional[Dict[str, Any]]) -> None:
    """What the program has set up by itself, as it was imported, stays."""
    if how is None:
        return
    try:
        logging.basicConfig(**how)
    except ValueError:  # a format of a style of its own
        logging.basicConfig(level=how["level"])
