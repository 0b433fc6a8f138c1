"""A worker of the fault driver: its handlers write to a sink as they start and end, as those of the driver's silos do."""
import argparse
import logging
import os
import sys
import threading
import time

from orleansjobs import Job, Worker


class Sink:
    """Marks are on the disk before a handler goes on, in the format of SinkFormat.cs."""

    def __init__(self, path: str, life: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._life = life

    def mark(self, job: Job, kind: str) -> None:
        line = f"{job.id}\t{job.attempt}\t{job.token}\t{kind}\t{time.monotonic_ns()}\t{self._life}\n"
        os.write(self._file, line.encode())
        os.fsync(self._file)


def worker_of(url: str, name: str, sink: Sink) -> Worker:
    worker = Worker(url, name=name)

    def run(job: Job, seconds: float, fails: bool = False) -> object:
        sink.mark(job, "Started")
        if job.wait_cancelled(seconds):
            sink.mark(job, "Cancelled")
            job.raise_if_cancelled()
        if fails:
            sink.mark(job, "Threw")
            raise RuntimeError(f"attempt {job.attempt} is one of those that fail")
        sink.mark(job, "Returned")
        return {"id": job.id, "token": int(job.token), "attempt": job.attempt}

    @worker.job("outside-sleep")
    def sleep(job: Job, args: dict) -> object:
        job.report(1, 2, "Asleep")
        return run(job, args["ms"] / 1000)

    @worker.job("outside-flaky")
    def flaky(job: Job, args: dict) -> object:
        return run(job, args["ms"] / 1000, fails=job.attempt <= args["failures"])

    return worker


def end_with_standard_input() -> None:
    """The driver holds the other end: when it is gone, however it went, so is this process."""

    def read() -> None:
        while os.read(0, 4096):
            pass
        os._exit(99)

    threading.Thread(target=read, daemon=True).start()


def main() -> None:
    options = argparse.ArgumentParser()
    for name in ("url", "name", "life", "sink"):
        options.add_argument(f"--{name}", required=True)
    options.add_argument("--slots", type=int, required=True)
    said = options.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    end_with_standard_input()
    worker_of(said.url, said.name, Sink(said.sink, said.life)).run(threads=said.slots, on_ready=lambda: print("ready", said.life, flush=True))


main()
