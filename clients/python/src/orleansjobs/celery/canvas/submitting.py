"""Submits the jobs of a canvas: in batches, under their own ids, so that a repeat makes nothing twice."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from ...errors import GridError, Problem
from .. import calling

if TYPE_CHECKING:
    from ..app import Celery


def submit_all(app: Celery, bodies: Sequence[Dict[str, Any]]) -> None:
    if not bodies:
        return
    outcomes = app.client.batch(bodies)
    unknown = {body["type"] for body, outcome in zip(bodies, outcomes) if isinstance(outcome, Problem) and outcome.code == "unknown-type"}
    try:
        if unknown:
            # No worker that knows them has run yet: say that there are such tasks. What was accepted is found again by its id.
            for name in sorted(unknown):
                calling.announce(app, name)
            outcomes = app.client.batch(bodies)
        problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
        if problems:
            raise problems[0]
    except GridError:
        _take_back(app, [body["id"] for body, outcome in zip(bodies, outcomes) if not isinstance(outcome, Problem)])
        raise


def _take_back(app: Celery, ids: List[str]) -> None:
    for id in reversed(ids):
        try:
            app.client.cancel(id, "Another part of its canvas was refused.")
        except GridError:
            pass  # the error that is on its way says more
