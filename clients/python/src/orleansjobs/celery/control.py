"""`app.control`: revoking. What asks workers for answers is not here; the grid's console and /stats show them."""
from __future__ import annotations

from signal import Signals
from typing import Any, Iterable, Optional, Union

from ..errors import JobNotFound
from ..job import PENDING
from .exceptions import missing, not_here


ENDS = (None, "TERM", "KILL", "QUIT")
"""Signals that end the process of a task with Celery too."""


class Control:
    def __init__(self, app: Any) -> None:
        self._app = app

    def revoke(self, task_id: Union[str, Iterable[str]], destination: Any = None, terminate: bool = False, signal: Any = None, **_: Any) -> None:
        """A task that waits will not run. One that runs goes on, unless `terminate`: then its process is killed, by whichever signal is named."""
        if _name(signal) not in ENDS:
            raise not_here(f"revoke(signal={signal!r})", "what is terminated is killed; soft_time_limit raises within the task")
        for one in [task_id] if isinstance(task_id, str) else list(task_id):
            self._revoke(one, terminate)

    def terminate(self, task_id: Union[str, Iterable[str]], destination: Any = None, signal: Any = None, **_: Any) -> None:
        self.revoke(task_id, terminate=True, signal=signal)

    def _revoke(self, task_id: str, terminate: bool) -> None:
        try:
            if terminate or self._app.client.status(task_id).state == PENDING:
                self._app.client.cancel(task_id)
        except JobNotFound:
            # Celery's workers would remember the id for when it comes; here there is nobody to remember it.
            pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise missing(f"app.control.{name}", "the console of the grid and `orleansjobs` show queues, workers and jobs")


def _name(signal: Any) -> Optional[str]:
    if signal is None:
        return None
    name = Signals(signal).name if isinstance(signal, int) else str(signal).upper()
    return name[3:] if name.startswith("SIG") else name
