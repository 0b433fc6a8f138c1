"""Stores checkpoints, from whichever thread or process the handler runs in."""
from __future__ import annotations

import ssl
from typing import Any, Optional
from urllib.parse import quote

from ..client import Client
from ..errors import Conflict, JobNotFound, Problem
from ..exchange import Request
from ..operations import encode
from .session import Lease
from .signals import StaleAttempt

PATIENCE = 120.0


class Checkpoints:
    def __init__(self, url: Optional[str], key: Optional[str], context: Optional[ssl.SSLContext] = None) -> None:
        self._client = Client(url, key, patience=PATIENCE, ssl_context=context)

    def save(self, session: str, lease: Lease, value: Any) -> None:
        body = encode({"session": session, "token": lease.token, "checkpoint": value})
        request = Request("POST", f"/work/jobs/{quote(lease.id, safe='')}/checkpoint", body, {"content-type": "application/json"})
        try:
            self._client.ask(request)
        except (Conflict, JobNotFound) as problem:
            raise StaleAttempt(str(problem)) from problem
        except Problem as problem:
            if problem.code == "session-not-found":
                raise StaleAttempt(str(problem)) from problem
            raise

    def close(self) -> None:
        self._client.close()
