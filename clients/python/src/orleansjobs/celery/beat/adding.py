"""`add_periodic_task`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..canvas.signature import maybe_signature
from .every import maybe_schedule

if TYPE_CHECKING:
    from ..app import Celery


def add(app: Celery, schedule: Any, sig: Any, args: Any = (), kwargs: Any = (), name: Any = None, **options: Any) -> str:
    called = maybe_signature(sig, app).clone(tuple(args), dict(kwargs))
    key = str(name or repr(called))
    app.conf.beat_schedule = {
        **(app.conf.beat_schedule or {}),
        key: {"task": called["task"], "schedule": maybe_schedule(schedule), "args": called.args, "kwargs": called.kwargs, "options": {**called.options, **options}},
    }
    return key
