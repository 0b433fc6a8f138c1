"""What a job remembers of the steps that it has done, in this attempt or one before, in whichever process that was."""
from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Asks the grid what the attempt's job remembers, or has it remember something."""


class Steps:
    """Safe to use from any thread."""

    def __init__(self, ask: Ask, remembers: bool) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        # Apart from the other, which is held while the grid is asked: names are claimed on the loop of all coroutines.
        self._naming = threading.Lock()
        self._counts: Dict[str, int] = {}
        self._known: Optional[Dict[str, Any]] = None if remembers else {}

    def claim(self, name: str) -> str:
        """The name to remember by: the second step of an attempt that is called the same is `name#2`."""
        if not isinstance(name, str) or not name:
            raise ValueError(f"a step has a name; this one is called {name!r}")
        with self._naming:
            count = self._counts[name] = self._counts.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"

    def find(self, name: str) -> Tuple[bool, Any]:
        """Whether it has been done, and what came of it."""
        with self._lock:
            if self._known is None:
                self._known = self._read()
            return name in self._known, self._known.get(name)

    def keep(self, name: str, value: Any) -> Any:
        """Remembers it; durable when this returns, with what is remembered, which is what another attempt had kept if that was first."""
        kept = self._ask({"step": {"name": name, "value": value}})["steps"][0]["value"]
        with self._lock:
            if self._known is not None:
                self._known[name] = kept
        return kept

    def _read(self) -> Dict[str, Any]:
        known: Dict[str, Any] = {}
        after: Optional[int] = 0
        while after is not None:
            page = self._ask({"after": after})
            for step in page["steps"]:
                known.setdefault(step["name"], step["value"])
            after = page.get("next")
        return known
