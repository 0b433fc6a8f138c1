"""What a job remembers, in this attempt or one before, in whichever process that was: steps, children, signals."""
from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from .signals import Waiting

Ask = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Asks the grid: `memory` for what the attempt's job remembers, or to have it remember something; `children` to start some."""

MOST_CHILDREN, MOST_BYTES = 100, 3 << 20
"""Of one call."""


@dataclass
class Known:
    """What has been read."""

    steps: Dict[str, Any] = field(default_factory=dict)
    children: Dict[str, Mapping[str, Any]] = field(default_factory=dict)
    signals: Dict[str, List[Any]] = field(default_factory=dict)
    started: Set[str] = field(default_factory=set)
    seen: int = 0


class Memory:
    """Safe to use from any thread."""

    def __init__(self, ask: Ask, remembers: bool, due: Optional[float] = None, now: Callable[[], float] = time.time) -> None:
        self._ask = ask
        self._due = due
        self._clock = now
        self._lock = threading.Lock()
        # Apart from the other, which is held while the grid is asked: names are claimed on the loop of all coroutines.
        self._naming = threading.Lock()
        self._counts: Dict[Tuple[str, str], int] = {}
        self._taken: Dict[str, int] = {}
        self._ordered: List[Dict[str, Any]] = []
        self._known: Optional[Known] = None if remembers else Known()

    def claim(self, name: str, kind: str = "step") -> str:
        """The name to remember by: the second of an attempt that is called the same is `name#2`."""
        if not isinstance(name, str) or not name:
            raise ValueError(f"a {kind} has a name; this one is called {name!r}")
        with self._naming:
            count = self._counts[kind, name] = self._counts.get((kind, name), 0) + 1
        return name if count == 1 else f"{name}#{count}"

    def find(self, name: str) -> Tuple[bool, Any]:
        """Whether a step has been done, and what came of it."""
        with self._lock:
            steps = self._read().steps
            return name in steps, steps.get(name)

    def keep(self, name: str, value: Any) -> Any:
        """Remembers it; durable when this returns, with what is remembered, which is what another attempt had kept if that was first."""
        kept = self._ask("memory", {"step": {"name": name, "value": value}})["steps"][0]["value"]
        with self._lock:
            if self._known is not None:
                self._known.steps[name] = kept
        return kept

    def order(self, child: Dict[str, Any]) -> None:
        """Has a child started, with others, before anything is waited for."""
        with self._naming:
            self._ordered.append(child)

    def start(self) -> None:
        """Starts what was ordered; durable when this returns."""
        with self._lock:
            with self._naming:
                ordered = list(self._ordered)
            if not ordered:
                return
            known = self._read()
            for part in _parts([child for child in ordered if child["name"] not in known.started and child["name"] not in known.children]):
                self._ask("children", {"children": part})
                known.started.update(child["name"] for child in part)
            with self._naming:
                del self._ordered[:len(ordered)]

    def end_of(self, child: str) -> Mapping[str, Any]:
        """How a child ended; while it has not, the job waits for that."""
        self.start()
        with self._lock:
            known = self._read()
            if child in known.children:
                return known.children[child]
            raise Waiting({"seen": known.seen, "children": [child]})

    def sleep(self, name: str, seconds: float) -> None:
        """Waits until so many seconds after it was first come to."""
        due = self._instant(self.claim(f"sleep:{name}"), seconds)
        self.start()
        if not self._is_past(due):
            with self._lock:
                raise Waiting({"seen": self._read().seen, "until": _text(due)})

    def receive(self, name: str, timeout: Optional[float], otherwise: Any) -> Any:
        """The next signal of that name that this attempt has not taken. Attempts take them in the same order."""
        own = self.claim(f"receive:{name}")
        over = own + ":over"
        if timeout is not None and self.find(over)[0]:
            return otherwise
        self.start()
        found, value = self._take(name)
        if found:
            return value
        wait: Dict[str, Any] = {"signals": [name]}
        if timeout is not None:
            due = self._instant(own, timeout)
            if self._is_past(due):
                # Its time is over only where it is known not to have come.
                self._refresh()
                found, value = self._take(name)
                if found:
                    return value
                self.keep(over, True)
                return otherwise
            wait["until"] = _text(due)
        with self._lock:
            raise Waiting({"seen": self._read().seen, **wait})

    def _take(self, name: str) -> Tuple[bool, Any]:
        with self._lock:
            came = self._read().signals.get(name, [])
            taken = self._taken.get(name, 0)
            if taken >= len(came):
                return False, None
            self._taken[name] = taken + 1
            return True, came[taken]

    def _instant(self, name: str, seconds: float) -> float:
        """When something is due, which is remembered when it is first come to."""
        done, at = self.find(name)
        return float(at if done else self.keep(name, round(self._clock() + seconds, 3)))

    def _is_past(self, instant: float) -> bool:
        """A job whose time has come by the grid's clock does not wait again because this one is behind."""
        return self._clock() >= instant or (self._due is not None and self._due >= instant)

    def _refresh(self) -> None:
        with self._lock:
            known = self._read()
            self._known = None
            fresh = self._read()
            fresh.started |= known.started

    def _read(self) -> Known:
        if self._known is not None:
            return self._known
        known = Known()
        after: Optional[int] = 0
        while after is not None:
            page = self._ask("memory", {"after": after})
            for step in page["steps"]:
                known.steps.setdefault(step["name"], step["value"])
            for child in page.get("children", ()):
                known.children[child["name"]] = child
            for signal in page.get("signals", ()):
                known.signals.setdefault(signal["name"], []).append(signal["value"])
            known.started.update(page.get("started", ()))
            known.seen = page.get("seen", 0)
            after = page.get("next")
        self._known = known
        return known


def _parts(children: List[Dict[str, Any]]) -> Iterator[List[Dict[str, Any]]]:
    part: List[Dict[str, Any]] = []
    size = 0
    for child in children:
        length = len(json.dumps(child, ensure_ascii=False).encode("utf-8", "replace"))
        if part and (len(part) == MOST_CHILDREN or size + length > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(child)
        size += length
    if part:
        yield part


def _text(instant: float) -> str:
    whole, part = divmod(round(instant * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{part:03d}Z"
