"""HTTP/1.1 over asyncio's streams, as far as the gateway speaks it: the standard library has no client for it."""
from __future__ import annotations

import asyncio
from typing import AsyncIterator, Dict, List, Optional, Tuple

from .address import Address
from .exchange import Lost, Request, Response

MAX_IDLE = 64
MAX_HEADERS = 64 << 10
_FAILURES = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError, ValueError)


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def close(self) -> None:
        self.writer.close()


class AsyncStream:
    """An answer whose head has come, and whose body is read as it comes."""

    def __init__(self, connection: Connection, status: int, headers: Dict[str, str], timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self.status = status
        self.headers = headers
        self.complete = False

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            if self.status == 204 or self.status == 304:
                pass
            elif self.headers.get("transfer-encoding", "").lower() == "chunked":
                while True:
                    size = int((await self._within(self._connection.reader.readuntil(b"\r\n"))).split(b";")[0], 16)
                    chunk = await self._within(self._connection.reader.readexactly(size + 2))
                    if size == 0:
                        break
                    yield chunk[:-2]
            elif "content-length" in self.headers:
                length = int(self.headers["content-length"])
                if length:
                    yield await self._within(self._connection.reader.readexactly(length))
            else:
                while True:
                    chunk = await self._within(self._connection.reader.read(65536))
                    if not chunk:
                        return  # ends with the connection, which is of no further use
                    yield chunk
            self.complete = True
        except _FAILURES as error:
            raise Lost(str(error) or type(error).__name__) from error

    async def whole(self) -> Response:
        return Response(self.status, self.headers, b"".join([chunk async for chunk in self.chunks()]))

    def close(self) -> None:
        self._connection.close()

    async def _within(self, reading: "asyncio.Future[bytes] | object") -> bytes:
        return await asyncio.wait_for(reading, self._timeout)  # type: ignore[arg-type]


class AsyncWire:
    """Belongs to one event loop."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: List[Connection] = []

    async def send(self, request: Request) -> Response:
        connection = self._take() or await self._connect(request.timeout)
        kept = False
        try:
            stream = await self._ask(connection, request)
            answer = await stream.whole()
            if stream.complete and stream.headers.get("connection", "").lower() != "close" and len(self._idle) < MAX_IDLE:
                self._idle.append(connection)
                kept = True
            return answer
        finally:
            if not kept:
                connection.close()

    async def stream(self, request: Request) -> AsyncStream:
        connection = await self._connect(request.timeout)
        try:
            return await self._ask(connection, request)
        except BaseException:
            connection.close()
            raise

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        for connection in idle:
            try:
                await connection.writer.wait_closed()
            except OSError:
                pass

    def _take(self) -> Optional[Connection]:
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof() and not connection.writer.is_closing() and connection.reader.exception() is None:
                return connection
            connection.close()
        return None

    async def _connect(self, timeout: float) -> Connection:
        at = self._address
        opening = asyncio.open_connection(at.host, at.port, ssl=at.context, limit=MAX_HEADERS)
        try:
            return Connection(*await asyncio.wait_for(opening, timeout))
        except _FAILURES as error:
            raise Lost(str(error) or type(error).__name__) from error

    async def _ask(self, connection: Connection, request: Request) -> AsyncStream:
        headers = self._address.headers(request.headers)
        if request.body is not None or request.method == "POST":
            headers["content-length"] = str(len(request.body or b""))
        lines = [f"{request.method} {self._address.mount}{request.path} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a line break in a header")
        try:
            connection.writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (request.body or b""))
            status, answered = await asyncio.wait_for(_head(connection.reader), request.timeout)
        except _FAILURES as error:
            raise Lost(str(error) or type(error).__name__) from error
        return AsyncStream(connection, status, answered, request.timeout)


async def _head(reader: asyncio.StreamReader) -> Tuple[int, Dict[str, str]]:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        version, status, *_ = first.split(" ", 2)
        if not version.startswith("HTTP/1."):
            raise ValueError(f"not an HTTP/1.1 answer: {first!r}")
        if status.startswith("1"):
            continue  # an interim answer
        headers: Dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.lower()] = value.strip()
        return int(status), headers
