"""`python -m orleansjobs.celery -A app beat`."""
from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from .putting import put_all

if TYPE_CHECKING:
    from ..app import Celery


def beat(app: Celery, once: bool) -> None:
    """Puts the schedules, and then stays without doing anything until it is stopped, since programs of a Procfile that end are taken for failed."""
    stopped = threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
    app.definitions()
    ids = put_all(app)
    print(f"beat: the grid has {len(ids)} schedules of this application, and serves them itself. This program need not run.", flush=True)
    for id in ids:
        print(f"  {id}", flush=True)
    if not once:
        stopped.wait()
