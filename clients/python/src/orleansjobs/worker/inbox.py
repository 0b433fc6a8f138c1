"""What handlers say, from whatever thread, gathered for the loop that calls."""
from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple

from .lines import merged
from .session import Key
from .signals import Report


class Inbox:
    def __init__(self, opened: Callable[[], None]) -> None:
        self._opened = opened
        # Re-entrant: garbage may be collected at any allocation, and what is collected may log.
        self._lock = threading.RLock()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._woken = False
        self._said: Dict[Key, Dict[str, Any]] = {}
        self._ended: List[Tuple[Key, Report]] = []

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def ended(self, key: Key, report: Report) -> None:
        with self._lock:
            self._ended.append((key, report))
        self._wake()

    def say(self, key: Key, progress: Dict[str, Any]) -> None:
        with self._lock:
            self._said[key] = merged(self._said.get(key, {}), progress)
        self._wake()

    def take(self) -> Tuple[Dict[Key, Dict[str, Any]], List[Tuple[Key, Report]]]:
        """Progress, and how jobs have ended."""
        with self._lock:
            self._woken = False
            said, self._said = self._said, {}
            ended, self._ended = self._ended, []
        return said, ended

    def _wake(self) -> None:
        """Once for all that comes until the loop takes it."""
        with self._lock:
            if self._woken or self._loop is None:
                return
            self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._opened)
        except RuntimeError:
            pass  # the loop is over
