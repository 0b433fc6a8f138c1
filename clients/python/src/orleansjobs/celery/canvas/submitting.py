"""Submits the jobs of a canvas: in batches, under their own ids, so that a repeat makes nothing twice."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ContextManager, Dict, List, Sequence

from ...client import Client
from ...errors import GridError, NotAllowed, Problem, Unavailable, Unreachable
from .. import calling

if TYPE_CHECKING:
    from ..app import Celery


PATIENCE = 10.0


def submit_all(app: Celery, bodies: Sequence[Dict[str, Any]]) -> None:
    if not bodies:
        return
    try:
        outcomes = app.client.batch(bodies)
        unknown = {body["type"] for body, outcome in zip(bodies, outcomes) if isinstance(outcome, Problem) and outcome.code == "unknown-type"}
        if unknown:
            # No worker that knows them has run yet: say that there are such tasks. What was accepted is found again by its id.
            for name in sorted(unknown):
                calling.announce(app, name)
            outcomes = app.client.batch(bodies)
        problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
        if problems:
            raise problems[0]
    except GridError:
        # Also what nobody knows of: earlier thousands are there where the grid went away.
        _take_back(app, [body["id"] for body in bodies])
        raise


def _take_back(app: Celery, ids: List[str]) -> None:
    """What follows others first, so that none runs since another was cancelled."""
    with _canceller(app) as client:
        for id in reversed(ids):
            try:
                client.cancel(id, "Another part of its canvas was refused.")
            except (Unreachable, Unavailable, NotAllowed):
                return  # nobody can be told; the error that is on its way says more
            except GridError:
                pass  # it was refused itself, or never came


def _canceller(app: Celery) -> ContextManager[Client]:
    """The grid, asked for a moment only: the caller waits for an error."""
    return Client(app.client.url, app._key(), patience=PATIENCE)
