"""Stores checkpoints and what jobs remember, from whichever thread or process the handler runs in."""
from __future__ import annotations

import ssl
import threading
from typing import Any, Mapping, Optional
from urllib.parse import quote

from ..client import Client
from ..errors import Conflict, JobNotFound, Problem, Unreachable
from ..exchange import Request, Response
from ..writing import encode
from .session import Lease
from .signals import GiveUp, StaleAttempt

PATIENCE = 120.0


class Checkpoints:
    def __init__(self, url: Optional[str], key: Optional[str], context: Optional[ssl.SSLContext] = None) -> None:
        self._over = threading.Event()
        self._client = Client(url, key, patience=PATIENCE, ssl_context=context, sleep=self._sleep)

    def save(self, session: str, lease: Lease, value: Any) -> None:
        self._post(session, lease, "checkpoint", {"checkpoint": value})

    def ask(self, session: str, lease: Lease, about: str, what: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the job remembers, once `what` is."""
        whose = "The step cannot be remembered" if about == "memory" else "The children cannot be started"
        try:
            encode(what)
        except (TypeError, ValueError) as wrong:
            # It is done, and doing it again would not make JSON of it.
            raise GiveUp(f"{whose}, since it is no JSON: {wrong}") from wrong
        try:
            answer: Mapping[str, Any] = self._post(session, lease, about, what).json()
        except Problem as problem:
            if problem.status in (400, 403, 413, 422):
                raise GiveUp(f"{whose}: {problem}") from problem
            raise
        return answer

    def _post(self, session: str, lease: Lease, what: str, more: Mapping[str, Any]) -> Response:
        body = encode({"session": session, "token": lease.token, **more})
        request = Request("POST", f"/work/jobs/{quote(lease.id, safe='')}/{what}", body, {"content-type": "application/json"})
        try:
            return self._client.ask(request)
        except (Conflict, JobNotFound) as problem:
            raise StaleAttempt(str(problem)) from problem
        except Problem as problem:
            if problem.code == "session-not-found":
                raise StaleAttempt(str(problem)) from problem
            raise

    def close(self) -> None:
        """Nobody asks on: an interpreter that ends joins the threads that coroutines asked on."""
        self._over.set()
        self._client.close()

    def _sleep(self, seconds: float) -> None:
        if self._over.wait(seconds):
            raise Unreachable("The worker has ended, and the grid did not answer until then.")
