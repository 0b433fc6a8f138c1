"""A wire that breaks where a test says so."""
from __future__ import annotations

import socket
import threading
from typing import Callable, Optional

from tests.grid import url


class Cutter:
    """Stands between a client and the grid, and cuts connections where `plan` says so: by the number of the request, from 0."""

    def __init__(self, plan: Callable[[int, bytes], str]) -> None:
        host, port = url().split("//")[1].split("/")[0].split(":")
        self._to = (host, int(port))
        self._plan = plan
        self._lock = threading.Lock()
        self.count = 0
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        """One request after the other; each is read whole, then passed on or not, and its answer likewise."""
        try:
            with near, socket.create_connection(self._to) as far:
                while True:
                    request = _message(near)
                    if not request:
                        return
                    with self._lock:
                        number, self.count = self.count, self.count + 1
                    what = self._plan(number, request)
                    if what != "pass":
                        self.cuts += 1
                    if what == "cut request":
                        return
                    far.sendall(request)
                    if what == "stream":
                        self.cuts -= 1
                        _copy(far, near, None)
                        return
                    if what.startswith("cut stream"):
                        _copy(far, near, int(what.split()[-1]))
                        return
                    answer = _message(far)
                    if what == "cut answer":
                        near.sendall(answer[: len(answer) // 2])
                        return
                    near.sendall(answer)
        except OSError:
            pass


def _message(connection: socket.socket) -> bytes:
    """A request or answer with its body, of a known length or in chunks."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
    chunked = any(line.startswith(b"transfer-encoding:") and b"chunked" in line for line in lines)
    while len(body) < length or chunked and not body.endswith(b"0\r\n\r\n"):
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError("half a message")
        body += chunk
    return head + b"\r\n\r\n" + body


def _copy(source: socket.socket, target: socket.socket, events: Optional[int]) -> None:
    """What comes, until so many events have; None: all."""
    seen = 0
    while True:
        chunk = source.recv(65536)
        if not chunk:
            return
        target.sendall(chunk)
        seen += chunk.count(b"data: ")
        if events is not None and seen >= events:
            return
