"""Lines that handlers log, from where they are said to the calls that bring them to the grid."""
from __future__ import annotations

import contextvars
import json
import logging
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .signals import clip

MAX_LINES = 200
"""Of one attempt that wait to be told, the newest; the grid keeps no more of a job unless it is configured to."""
MAX_TEXT = 2000
MAX_TYPE = 200
MAX_REPORT_BYTES = 1 << 18
"""Of the lines that go with the end of an attempt; the grid keeps 64 KiB of a job unless it is configured to keep more."""
LEVELS = ("trace", "debug", "information", "warning", "error", "critical")
_WORDS = {"info": "information", "warn": "warning", "fatal": "critical"}

Line = Dict[str, Any]

current_job: "contextvars.ContextVar[Optional[Any]]" = contextvars.ContextVar("orleansjobs_job", default=None)
"""The job whose handler runs in this context."""


def level_of(level: Any) -> str:
    """One of the grid's words, of those or of a number of `logging`."""
    if isinstance(level, str):
        word = level.lower()
        word = _WORDS.get(word, word)
        if word not in LEVELS:
            raise ValueError(f"a level is one of {', '.join(LEVELS)}; it is {level!r}")
        return word
    for least, word in ((50, "critical"), (40, "error"), (30, "warning"), (20, "information"), (10, "debug")):
        if level >= least:
            return word
    return "trace"


def line_of(text: Any, level: Any, error: Optional[BaseException]) -> Line:
    """A line without its number."""
    now = datetime.now(timezone.utc)
    line: Line = {"text": clip(str(text), MAX_TEXT), "level": level_of(level), "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    if error is not None:
        line["error"] = {"type": clip(type(error).__name__, MAX_TYPE), "message": clip(_text_of(error), MAX_TEXT)}
    return line


def merged(before: Mapping[str, Any], more: Mapping[str, Any]) -> Dict[str, Any]:
    """What was said, with what was said since: the newest counts, but for lines, which are gathered."""
    both = {**before, **more}
    if "lines" in before and "lines" in more:
        both["lines"] = [*before["lines"], *more["lines"]][-MAX_LINES:]
    return both


class Lines:
    """What the grid has not acknowledged, by attempt. Lines may be told twice: the grid counts each number once."""

    def __init__(self) -> None:
        self._of: Dict[Any, List[Line]] = {}
        self._told: Dict[Any, int] = {}
        self.are_taken = True

    @property
    def has_news(self) -> bool:
        return any(lines[-1]["n"] > self._told.get(key, 0) for key, lines in self._of.items())

    def add(self, key: Any, lines: List[Line]) -> None:
        if self.are_taken:
            self._of[key] = [*self._of.get(key, []), *lines][-MAX_LINES:]

    def pick(self, without: Any, most: int) -> Tuple[List[Tuple[Any, Dict[str, Any]]], Dict[Any, int]]:
        """What the next call tells of attempts that go on, so many bytes of it, and through which line of each. What is left comes with the call after it."""
        said: List[Tuple[Any, Dict[str, Any]]] = []
        through: Dict[Any, int] = {}
        size = 0
        for key, lines in self._of.items():
            if key in without or lines[-1]["n"] <= self._told.get(key, 0):
                continue
            part: List[Line] = []
            size += 100
            for line in lines:
                size += _size(line)
                if size > most and (said or part):
                    break
                part.append(line)
            if part:
                said.append((key, _written(part)))
                through[key] = self._told[key] = part[-1]["n"]
            if size > most:
                break
        return said, through

    def of_report(self, key: Any) -> Optional[Dict[str, Any]]:
        """What goes with the end of an attempt: the newest, as far as there is room."""
        lines = self._of.get(key)
        if not lines:
            return None
        size = 0
        for index in range(len(lines) - 1, -1, -1):
            size += _size(lines[index])
            if size > MAX_REPORT_BYTES and index + 1 < len(lines):
                return _written(lines[index + 1:])
        return _written(lines)

    def heard(self, through: Mapping[Any, int]) -> None:
        for key, last in through.items():
            left = [line for line in self._of.get(key, []) if line["n"] > last]
            if left:
                self._of[key] = left
            else:
                self._of.pop(key, None)

    def unheard(self, through: Mapping[Any, int]) -> None:
        for key in through:
            self._told.pop(key, None)

    def forget(self, key: Any) -> None:
        self._of.pop(key, None)
        self._told.pop(key, None)

    def refuse(self) -> None:
        """The grid knows no lines: it is older than this."""
        self.are_taken = False
        self._of.clear()
        self._told.clear()


class JobLogHandler(logging.Handler):
    """Keeps what is logged while a job's handler runs with that job: `logging.getLogger().addHandler(JobLogHandler())`. What is logged elsewhere is none of it,
    nor is what this package says itself."""

    def filter(self, record: logging.LogRecord) -> Any:
        # Asked before the lock of this handler is taken: whoever is in no job never waits for one who is.
        if current_job.get() is None or record.name == "orleansjobs" or record.name.startswith("orleansjobs."):
            return False
        return super().filter(record)

    def emit(self, record: logging.LogRecord) -> None:
        job = current_job.get()
        if job is None:
            return
        try:
            job.log(record.getMessage(), record.levelno, error=record.exc_info[1] if record.exc_info else None)
        except Exception:
            self.handleError(record)


def _written(lines: List[Line]) -> Dict[str, Any]:
    return {"from": lines[0]["n"], "lines": [_said(line) for line in lines]}


def _said(line: Line) -> Dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("n", "size")}


def _size(line: Line) -> int:
    """What it takes of a call, measured once."""
    found: Optional[int] = line.get("size")
    if found is None:
        found = line["size"] = len(json.dumps(_said(line), separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")) + 1
    return found


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "an error whose text cannot be had"
