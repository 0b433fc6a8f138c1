"""An application written for Celery whose import is changed, and a sink that its tasks write to: what the canvases of canvas_program.py are made of."""
import os
import threading
import time

from orleansjobs.celery import Celery
from orleansjobs.celery.signals import worker_ready

app = Celery("canvas")


class Sink:
    """Marks are on the disk before a task goes on, in the format of SinkFormat.cs. Each process of a worker has a file of its own."""

    def __init__(self) -> None:
        self._life = os.environ.get("FAULTS_LIFE", "")
        self._file = None
        self._lock = threading.Lock()

    def mark(self, task, kind: str) -> None:
        job = task.request.job
        line = f"{job.id}\t{job.attempt}\t{job.token}\t{kind}\t{time.monotonic_ns()}\t{self._life}\n"
        with self._lock:
            if self._file is None:
                path = f"{os.environ['FAULTS_SINK']}.{os.getpid()}.sink"
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(self._file, line.encode())
        os.fsync(self._file)


sink = Sink()


def came_to(task, ms: int, value: int, given=()):
    """A result says whose it is, of which attempt, and what that attempt was given."""
    time.sleep(ms / 1000)
    sink.mark(task, "Returned")
    job = task.request.job
    return {"id": job.id, "token": int(job.token), "value": value, "given": [[one["id"], one["token"]] for one in given]}


@app.task(name="canvas.start", bind=True)
def start(self, number, ms):
    sink.mark(self, "Started")
    return came_to(self, ms, number)


@app.task(name="canvas.add", bind=True)
def add(self, before, number, ms):
    sink.mark(self, "Started")
    return came_to(self, ms, before["value"] + number, [before])


@app.task(name="canvas.total", bind=True)
def total(self, parts, ms):
    sink.mark(self, "Started")
    return came_to(self, ms, sum(part["value"] for part in parts), parts)


@app.task(name="canvas.flaky", bind=True, max_retries=3)
def flaky(self, number, ms):
    sink.mark(self, "Started")
    if self.request.retries == 0:
        sink.mark(self, "Threw")
        raise self.retry(countdown=0.1)
    return came_to(self, ms, number)


@app.task(name="canvas.breaks", bind=True)
def breaks(self, *args):
    sink.mark(self, "Started")
    sink.mark(self, "Threw")
    raise ValueError("one of those that fail")


@worker_ready.connect
def serves(**_):
    """The driver holds the other end of the standard input: when it is gone, however it went, so is this process."""

    def read() -> None:
        while os.read(0, 4096):
            pass
        os._exit(99)

    threading.Thread(target=read, daemon=True).start()
    print("ready", os.environ["FAULTS_LIFE"], flush=True)
