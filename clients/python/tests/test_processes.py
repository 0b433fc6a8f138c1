"""Child processes of a worker: what they do before they run a job is nothing that a job does. Needs no grid."""
import os
import queue
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from orleansjobs.worker import processes
from orleansjobs.worker.processes import ProcessPool
from orleansjobs.worker.session import Lease
from orleansjobs.worker.signals import Failure
from tests.grid import unique

PATIENCE = 60
MODULE = '''
import multiprocessing, os, signal, time
from pathlib import Path
from orleansjobs import Worker
FOLDER = Path({folder!r})
worker = Worker()
if multiprocessing.parent_process() is not None:
    with open(FOLDER / "imports", "a") as file:
        file.write("x")
    if (FOLDER / "bad").exists():
        raise OSError("the port is taken")
    if (FOLDER / "slow").exists():
        time.sleep(1.5)

@worker.job("pid")
def pid(job, args):
    return os.getpid()

@worker.job("dies")
def dies(job, args):
    os.kill(os.getpid(), signal.SIGKILL)
'''


class Sink:
    def __init__(self):
        self.reports = queue.Queue()
        self.has_room = threading.Event()

    def done(self, key, report):
        self.reports.put((key[0], report))

    def say(self, key, progress):
        pass

    def session_id(self):
        return "s"

    def room(self):
        self.has_room.set()


class ProcessPoolTests(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)
        self.name = unique("pool").replace("-", "_")
        (self.folder / f"{self.name}.py").write_text(MODULE.format(folder=place.name))
        sys.path.insert(0, place.name)
        self.addCleanup(sys.path.remove, place.name)
        self.sink = Sink()

    def pool(self, slots, **more):
        def later(seconds, action):
            timer = threading.Timer(seconds, action)
            timer.daemon = True
            timer.start()

        pool = ProcessPool(f"{self.name}:worker", "http://localhost:1", None, slots, self.sink, later, **more)
        self.addCleanup(pool.close)
        return pool

    def start(self, pool, id, type="pid"):
        lease = Lease.of({"id": id, "token": "1", "type": type})
        pool.start(lease)
        return lease.key

    def ended(self):
        return self.sink.reports.get(timeout=PATIENCE)

    def test_the_time_in_which_a_process_imports_the_program_is_not_the_jobs(self):
        (self.folder / "slow").touch()
        pool = self.pool(1, limits=lambda lease: 1.0, on_limit=lambda lease, limit: Failure("over its limit", final=True).report())
        self.start(pool, "first")
        self.assertEqual(("first", "success"), (lambda id, report: (id, report["outcome"]))(*self.ended()))

    def test_a_process_that_cannot_begin_costs_no_job_anything(self):
        (self.folder / "bad").touch()
        pool = self.pool(2)
        self.start(pool, "first")
        self.assertEqual(("first", {"outcome": "returned"}), self.ended())
        (self.folder / "bad").unlink()
        self.assertTrue(self.sink.has_room.wait(PATIENCE))
        self.assertGreater(pool.slots, 0)
        self.start(pool, "second")
        self.assertEqual("success", self.ended()[1]["outcome"])
        self.assertLess(len((self.folder / "imports").read_text()), 12, "it is not tried as fast as the machine can")

    def test_while_no_process_can_begin_there_is_no_slot(self):
        (self.folder / "bad").touch()
        pool = self.pool(1)
        self.start(pool, "first")
        self.assertEqual("returned", self.ended()[1]["outcome"])
        self.assertEqual(0, pool.slots)

    def test_what_is_stopped_before_it_began_is_given_back_and_its_process_lives_on(self):
        (self.folder / "slow").touch()
        pool = self.pool(1, kill_after=0)
        for why, outcome in (("timeout", "returned"), ("cancelled", "cancelled")):
            pool.stop(self.start(pool, why), why)
            self.assertEqual((why, {"outcome": outcome}), self.ended())
        self.start(pool, "next")
        self.assertEqual(("next", "success"), (lambda id, report: (id, report["outcome"]))(*self.ended()))
        self.assertEqual("x", (self.folder / "imports").read_text())

    def test_jobs_go_to_processes_that_are_warm(self):
        pool = self.pool(1)
        self.start(pool, "warms")
        warm = self.ended()[1]["result"]
        (self.folder / "slow").touch()
        pool._spawn(0)
        self.start(pool, "warm")
        self.assertEqual(warm, self.ended()[1]["result"])

    def test_a_death_is_told_though_no_successor_can_be_started(self):
        pool = self.pool(1)
        self.start(pool, "warms")
        self.ended()
        real, failures = processes.Child, [OSError("no more processes"), OSError("no more processes")]

        def child(*args):
            if failures:
                raise failures.pop()
            return real(*args)

        with mock.patch.object(processes, "Child", child):
            self.start(pool, "dies", "dies")
            id, report = self.ended()
            self.assertEqual(("dies", "ProcessDied"), (id, report["error"]["type"]))
            self.assertTrue(self.sink.has_room.wait(PATIENCE))
        self.start(pool, "next")
        self.assertEqual("success", self.ended()[1]["outcome"])


if __name__ == "__main__":
    unittest.main()
