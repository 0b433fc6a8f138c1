"""Leases from their arrival to their end: which wait for a slot, which a gate holds back, and which run."""
from __future__ import annotations

import collections
from typing import Callable, Deque, Dict, Iterable, Mapping, Optional, Set, Tuple

from .definitions import Definition
from .local import Pool
from .session import Key, Lease, Session
from .signals import Report

AHEAD_BELOW = 0.02
"""Jobs that take less than so many seconds are leased ahead: a slot would stand empty for most of a call."""
AHEAD_MOST = 16
AHEAD_WAIT = 0.25
"""A lease that found no slot within so many seconds is handed back: others may have one."""
GATE_RETRY = 0.05
GATE_HOLD = 1.0
"""A lease that a gate holds back for longer is handed back, and its type is not asked for until it is nearly time."""

Gate = Callable[[Lease, float], float]
"""How long a lease is to wait before it may start. It is counted as started then, unless that is more than `GATE_HOLD`."""


class Slots:
    """The session loop's own. `news` is called when there is something that the next call should say at once."""

    def __init__(
        self, session: Session, definitions: Mapping[str, Definition], pool: Pool, gate: Optional[Gate], clock: Callable[[], float],
        later: Callable[[float, Callable[[], None]], None], news: Callable[[], None],
    ) -> None:
        self._session = session
        self._definitions = definitions
        self._pool = pool
        self._gate = gate
        self._clock = clock
        self._later = later
        self._news = news
        self._waiting: Deque[Tuple[float, Lease]] = collections.deque()
        self._gated: Set[Key] = set()
        self._started: Dict[Key, float] = {}
        self._average = AHEAD_BELOW * 10
        self._draining = False

    def wanted(self) -> int:
        """How many more leases there is room for."""
        if self._draining:
            return 0
        ahead = 0
        if self._average < AHEAD_BELOW:
            ahead = self._pool.slots * min(AHEAD_MOST, int(AHEAD_BELOW / max(self._average, 1e-6)))
        return max(0, self._pool.slots + ahead - len(self._started) - len(self._waiting) - len(self._gated))

    def arrived(self, leases: Iterable[Lease]) -> None:
        now = self._clock()
        self._waiting.extend((now, lease) for lease in leases)
        self.fill()

    def ended(self, key: Key, report: Report) -> None:
        started = self._started.pop(key, None)
        if started is not None:
            self._average += ((self._clock() - started) - self._average) * 0.2
        self._say(key, report)

    def fill(self) -> None:
        """Starts what there is a slot for. What a gate holds back waits without one."""
        now = self._clock()
        while self._waiting and len(self._started) < self._pool.slots:
            _, lease = self._waiting.popleft()
            if lease.key not in self._session.held or lease.key in self._session.outbox:
                continue
            if self._draining or lease.type not in self._definitions:
                self._say(lease.key, {"outcome": "returned"})
                continue
            delay = self._gate(lease, now) if self._gate is not None else 0.0
            if delay > GATE_HOLD:
                self._withhold(lease, delay - GATE_HOLD)
                continue
            if delay > 0:
                self._gated.add(lease.key)
                self._later(delay, lambda lease=lease: self._ungate(lease))  # type: ignore[misc]
                continue
            self._begin(lease)
        if self._waiting:
            self._later(AHEAD_WAIT, self._return_waiting)

    def stop(self, key: Key, why: str) -> None:
        if key in self._started:
            self._pool.stop(key, why)
            return
        self._gated.discard(key)
        self._waiting = collections.deque((since, lease) for since, lease in self._waiting if lease.key != key)
        if why != "lost":
            # That it had no time left is nothing that it did: it has not begun.
            self._say(key, {"outcome": "cancelled" if why == "cancelled" else "returned"})

    def drain(self) -> None:
        """Hands back what has not begun, and begins nothing more."""
        self._draining = True
        for key in [*self._gated, *(lease.key for _, lease in self._waiting)]:
            self._say(key, {"outcome": "returned"})
        self._gated.clear()
        self._waiting.clear()

    @property
    def are_busy(self) -> bool:
        return bool(self._started)

    def abandon(self) -> None:
        """Tells what runs to stop."""
        for key in list(self._started):
            self._pool.stop(key, "returned")

    def _begin(self, lease: Lease) -> None:
        self._started[lease.key] = self._clock()
        self._pool.start(lease)

    def _withhold(self, lease: Lease, seconds: float) -> None:
        self._say(lease.key, {"outcome": "returned"})
        if lease.type in self._session.withheld:
            return
        self._session.withheld.add(lease.type)

        def ask_again() -> None:
            self._session.withheld.discard(lease.type)
            self._news()

        self._later(seconds, ask_again)

    def _ungate(self, lease: Lease) -> None:
        if lease.key not in self._gated:
            return
        if len(self._started) >= self._pool.slots:
            self._later(GATE_RETRY, lambda: self._ungate(lease))
            return
        self._gated.discard(lease.key)
        if lease.key in self._session.held:
            self._begin(lease)

    def _return_waiting(self) -> None:
        now = self._clock()
        while self._waiting and now - self._waiting[0][0] >= AHEAD_WAIT:
            _, lease = self._waiting.popleft()
            self._average = max(self._average, AHEAD_BELOW)
            self._say(lease.key, {"outcome": "returned"})

    def _say(self, key: Key, report: Report) -> None:
        self._session.report(key, report)
        self._news()
