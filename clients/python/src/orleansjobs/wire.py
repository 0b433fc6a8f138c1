"""HTTP for threads: connections are kept and shared out, one request at a time on each."""
from __future__ import annotations

import http.client
import os
import select
import threading
import weakref
from typing import Iterator, List, Optional

from .address import Address
from .exchange import Lost, Request, Response

MAX_IDLE = 16
_FAILURES = (OSError, http.client.HTTPException)


class Stream:
    """An answer that is read as it comes."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._answer = answer
        self.status = answer.status

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                chunk = self._answer.read1(65536)
            except _FAILURES as error:
                raise Lost(str(error) or type(error).__name__) from error
            if not chunk:
                return
            yield chunk

    def whole(self) -> Response:
        return Response(self.status, {name.lower(): value for name, value in self._answer.getheaders()}, b"".join(self))

    def close(self) -> None:
        self._connection.close()


class Wire:
    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: List[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()
        _wires.add(self)

    def send(self, request: Request) -> Response:
        connection = self._take()
        try:
            answer = self._ask(connection, request)
            body = answer.read()
        except _FAILURES as error:
            connection.close()
            raise Lost(str(error) or type(error).__name__) from error
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._give(connection)
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)

    def stream(self, request: Request) -> Stream:
        connection = self._new()
        try:
            return Stream(connection, self._ask(connection, request))
        except _FAILURES as error:
            connection.close()
            raise Lost(str(error) or type(error).__name__) from error
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, request: Request) -> http.client.HTTPResponse:
        connection.timeout = request.timeout
        if connection.sock is not None:
            connection.sock.settimeout(request.timeout)
        headers = self._address.headers(request.headers)
        if request.body is None and request.method == "POST":
            headers["content-length"] = "0"
        connection.request(request.method, self._address.mount + request.path, request.body, headers)
        return connection.getresponse()

    def _new(self) -> http.client.HTTPConnection:
        at = self._address
        if at.context is not None:
            return http.client.HTTPSConnection(at.host, at.port, context=at.context)
        return http.client.HTTPConnection(at.host, at.port)

    def _take(self) -> http.client.HTTPConnection:
        while True:
            connection: Optional[http.client.HTTPConnection] = None
            with self._lock:
                if self._owner != os.getpid():
                    # Forked: what lies here is the parent's to speak on.
                    self._idle, self._owner = [], os.getpid()
                if self._idle:
                    connection = self._idle.pop()
            if connection is None:
                return self._new()
            if connection.sock is not None and not _has_news(connection.sock.fileno()):
                return connection
            connection.close()  # closed by the other side while it lay idle

    def _give(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if self._owner == os.getpid() and len(self._idle) < MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()


_wires: "weakref.WeakSet[Wire]" = weakref.WeakSet()


def _forked() -> None:
    """Another thread of the parent may have held a lock when it forked; here nobody would ever give it back."""
    for wire in list(_wires):
        wire._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _has_news(descriptor: int) -> bool:
    poll = select.poll() if hasattr(select, "poll") else None
    if poll is None:
        return bool(select.select([descriptor], [], [], 0)[0])
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
