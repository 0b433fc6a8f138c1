"""The grid that tests run against, and programs started beside it."""
from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

from orleansjobs import Client, Job, JobFailed

TESTS = Path(__file__).resolve().parent
PATIENCE = 60.0


def url() -> str:
    found = os.environ.get("ORLEANSJOBS_URL")
    if not found:
        raise RuntimeError("these tests need a grid: say where it is with ORLEANSJOBS_URL")
    return found


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:12]}"


def folder_with(source: str, name: str, at_end: Callable[..., Any]) -> str:
    """A folder with the program NAME.py, until what is given to `at_end` is called. `source` says {name} and {folder} where they belong."""
    place = tempfile.TemporaryDirectory()
    at_end(place.cleanup)
    (Path(place.name) / f"{name}.py").write_text(source.format(name=name, folder=place.name))
    return place.name


def imported(name: str, place: str, at_end: Callable[..., Any]) -> Any:
    """The program in a folder as a module, whose application is closed in the end."""
    sys.path.insert(0, place)
    at_end(sys.path.remove, place)
    module = importlib.import_module(name)
    at_end(module.app.close)
    return module


class GridTest(unittest.TestCase):
    client: Client

    @classmethod
    def setUpClass(cls) -> None:
        cls.client = Client(url())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.client.close()

    def until(self, job_id: str, condition: Callable[[Job], bool], what: str) -> Job:
        """Follows the job's events until the condition holds."""
        given_up = time.monotonic() + PATIENCE
        last: Optional[Job] = None
        for last in self.client.watch(job_id):
            if condition(last):
                return last
            if time.monotonic() > given_up:
                break
        self.fail(f"job {job_id}: {what} did not come; last seen: {last}")


class Program:
    """A process whose output is kept, and which does not outlive the test."""

    def __init__(self, *arguments: str, env: Optional[Dict[str, str]] = None, cwd: Optional[str] = None) -> None:
        self.lines: List[str] = []
        self._news = threading.Condition()
        self._over = False
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        self.process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=cwd or str(TESTS),
            start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, seconds: float = PATIENCE) -> str:
        """The first line with the text, once it is there."""
        given_up = time.monotonic() + seconds
        with self._news:
            while True:
                for line in self.lines:
                    if text in line:
                        return line
                left = given_up - time.monotonic()
                if self._over or left <= 0 or not self._news.wait(left):
                    raise AssertionError(f"no line with {text!r} came from:\n{self.output}")

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float = PATIENCE) -> int:
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: Any) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)  # with whatever it has started
        except ProcessLookupError:
            pass
        self.process.wait(10)
        self._reader.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()


class WorkerProgram(Program):
    """`python -m orleansjobs worker tests.handlers:worker`, with types of its own."""

    def __init__(self, prefix: str, *options: str, at: Optional[str] = None, folder: str = "") -> None:
        super().__init__(
            "-m", "orleansjobs", "worker", "tests.handlers:worker", *options, cwd=str(TESTS.parent),
            env={"ORLEANSJOBS_URL": at or url(), "HANDLER_PREFIX": prefix, "HANDLER_FOLDER": folder})
        self.wait_for("Serving")


class WorkerTest(GridTest):
    def setUp(self):
        self.prefix = unique("w")
        self.place = folder()
        self.folder = Path(self.place.name)
        self.addCleanup(self.place.cleanup)

    def worker(self, *options, **more):
        program = WorkerProgram(self.prefix, *options, folder=self.place.name, **more)
        self.addCleanup(program.__exit__)
        return program

    def submit(self, name, args=None, **more):
        return self.client.submit(f"{self.prefix}.{name}", args if args is not None else {}, **more)

    def result(self, name, args=None, **more):
        return self.client.result(self.submit(name, args, **more).id, timeout=60)

    def error(self, name, args=None, **more):
        with self.assertRaises(JobFailed) as raised:
            self.result(name, args, **more)
        return raised.exception

    def wait_for(self, job_id, condition):
        """The job, once it is as it should be."""
        for seen in self.client.watch(job_id):
            if condition(seen):
                return seen
        raise AssertionError("it ended before")

    def marks(self):
        return [line.split() for line in (self.folder / "marks").read_text().splitlines()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.contextmanager
def redis_server(place: str) -> Iterator[int]:
    """A real one, whose files are in the folder; gives its port."""
    port = free_port()
    found = shutil.which("redis-server")
    if found is None:
        raise RuntimeError("these tests need redis-server")
    process = subprocess.Popen([found, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", place], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if not any("Ready to accept connections" in line for line in process.stdout):
            raise RuntimeError("redis-server did not start")
        yield port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="orleansjobs-python-")
