"""Where a handler's exception was thrown, as the grid keeps it: one frame a line, the innermost first, the program's own before those of libraries."""
from __future__ import annotations

import os
import sysconfig
import traceback
from typing import List, Optional

MAX_TRACE = 4000
MAX_FRAMES = 200
_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_LIBRARIES = tuple(os.path.join(path, "") for path in {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def trace_of(error: BaseException) -> Optional[str]:
    try:
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        own: List[str] = []
        others: List[str] = []
        for frame in reversed(frames):
            file = os.path.basename(frame.filename)
            if os.path.abspath(frame.filename).startswith(_PACKAGE):
                continue  # who called the handler says nothing of why it failed
            line = f"at {os.path.splitext(file)[0]}.{frame.name} ({file}:{frame.lineno})"
            (others if os.path.abspath(frame.filename).startswith(_LIBRARIES) or frame.filename.startswith("<") else own).append(line)
        text = "\n".join([*own, *others])
        return (text if len(text) <= MAX_TRACE else text[: text.rfind("\n", 0, MAX_TRACE)]) or None
    except Exception:  # where it was thrown is worth less than that it was
        return None
