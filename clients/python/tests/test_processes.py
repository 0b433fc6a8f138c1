"""Child processes of a worker: what they do before they run a job is nothing that a job does, and what a job does to its process costs nobody else. Needs no grid."""
import contextlib
import http.server
import os
import queue
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
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
import multiprocessing, os, signal, subprocess, sys, time
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
    job._begun()
    return os.getpid()

@worker.job("fetches")
def fetches(job, args):
    time.sleep(1.5)  # as what fetches its arguments first
    job._begun()
    if args == "hang":
        time.sleep(600)
    return "in time"

@worker.job("dies")
def dies(job, args):
    os.kill(os.getpid(), signal.SIGKILL)

@worker.job("ends")
def ends(job, args):
    ended = []
    for number in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(["sleep", "600"])
        try:
            process.send_signal(number)
            ended.append(-process.wait(timeout=20))
        finally:
            process.kill()
    reads, writes = os.pipe()
    forked = os.fork()
    if forked == 0:
        os.write(writes, b"x")
        time.sleep(20)
        os._exit(0)
    os.read(reads, 1)
    os.kill(forked, signal.SIGTERM)
    return ended + [os.WTERMSIG(os.waitpid(forked, 0)[1])]

@worker.job("survives")
def survives(job, args):
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), number)
    time.sleep(0.2)
    return "here"

@worker.job("prints")
def prints(job, args):
    print("what a job says")
    sys.stderr.write("what it complains of")
    if args == "hang":
        time.sleep(600)

@worker.job("saves")
def saves(job, args):
    job.save_checkpoint(args)

if not (FOLDER / "less").exists():
    @worker.job("gone")
    def gone(job, args):
        return 1
'''
TLS = '''
import ssl
worker._context = ssl.create_default_context(cafile={folder!r} + "/own.pem")
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

        pool = ProcessPool(f"{self.name}:worker", more.pop("url", "http://localhost:1"), None, slots, self.sink, later, **more)
        self.addCleanup(pool.close)
        return pool

    def start(self, pool, id, type="pid", args=None):
        lease = Lease.of({"id": id, "token": "1", "type": type, "args": args})
        pool.start(lease)
        return lease.key

    def ended(self):
        return self.sink.reports.get(timeout=PATIENCE)

    def test_the_time_in_which_a_process_imports_the_program_is_not_the_jobs(self):
        (self.folder / "slow").touch()
        pool = self.pool(1, limits=lambda lease: 1.0, on_limit=lambda lease, limit: Failure("over its limit", final=True).report())
        self.start(pool, "first")
        self.assertEqual(("first", "success"), (lambda id, report: (id, report["outcome"]))(*self.ended()))

    def test_a_limit_counts_from_when_the_handler_says_that_it_runs(self):
        pool = self.pool(1, limits=lambda lease: 1.0, on_limit=lambda lease, limit: Failure("over its limit", final=True).report())
        self.start(pool, "quick", "fetches")
        self.assertEqual("success", self.ended()[1]["outcome"])
        self.start(pool, "hangs", "fetches", "hang")
        self.assertEqual("over its limit", self.ended()[1]["error"]["message"])

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

    def test_a_death_that_nobody_has_words_for_fails_the_attempt(self):
        def bad(lease, exit_code):
            raise ValueError("no words")

        pool = self.pool(1, on_death=bad)
        self.start(pool, "dies", "dies")
        id, report = self.ended()
        self.assertEqual(("dies", "ProcessDied"), (id, report["error"]["type"]))
        self.start(pool, "next")
        self.assertEqual("success", self.ended()[1]["outcome"])

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

    def test_what_a_job_starts_can_be_ended_by_it(self):
        self.start(self.pool(1), "ends", "ends")
        self.assertEqual(("ends", "success", "[15,2,15]"), (lambda id, report: (id, report["outcome"], report.get("result", report)))(*self.ended()))

    def test_a_signal_to_all_is_the_parents_to_answer(self):
        self.start(self.pool(1), "survives", "survives")
        self.assertEqual("success", self.ended()[1]["outcome"])

    def test_what_a_job_prints_is_there_when_it_has_ended_and_before(self):
        for how in ("end", "hang"):
            with mock.patch.dict(os.environ), self.output() as path:
                os.environ.pop("PYTHONUNBUFFERED", None)
                pool = self.pool(1)
                key = self.start(pool, "prints", "prints", how)
                if how == "hang":
                    self.until(lambda: b"what a job says\n" in path.read_bytes())
                    pool.stop(key, "returned")
                    pool.close()
                    continue
                self.assertEqual("success", self.ended()[1]["outcome"])
                pool.close()
                self.assertEqual({b"what a job says", b"what it complains of"}, set(path.read_bytes().replace(b"what it complains of", b"\nwhat it complains of\n").split(b"\n")) - {b""})

    @contextlib.contextmanager
    def output(self):
        """Has this process, and those it starts, write into a file."""
        path = self.folder / "output"
        sys.stdout.flush(), sys.stderr.flush()
        kept = os.dup(1), os.dup(2)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1), os.dup2(file, 2)
        try:
            yield path
        finally:
            os.dup2(kept[0], 1), os.dup2(kept[1], 2)
            for number in (*kept, file):
                os.close(number)

    def until(self, condition):
        ends = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), ends)
            time.sleep(0.01)

    def test_a_type_that_the_program_has_no_more_fails_its_job_and_no_process(self):
        pool = self.pool(1, max_jobs=2)
        (self.folder / "less").touch()
        self.start(pool, "ends", "dies")  # its successor knows less
        self.ended()
        self.start(pool, "gone", "gone")
        id, report = self.ended()
        self.assertEqual(("gone", "failure", None), (id, report["outcome"], report.get("final")))
        self.assertIn("no handler", report["error"]["message"])
        self.start(pool, "next")
        self.assertEqual("success", self.ended()[1]["outcome"])

    def test_a_process_that_dies_of_what_it_is_told_to_run_is_not_replaced_as_fast_as_the_machine_can(self):
        pool = self.pool(1)
        self.start(pool, "warms")
        self.ended()
        child = pool._idle[0]
        os.kill(child.process.pid, signal.SIGSTOP)
        self.start(pool, "unbegun")
        child.process.kill()
        self.assertEqual(("unbegun", {"outcome": "returned"}), self.ended())
        self.assertEqual(0, pool.slots, "there is a pause before the next")
        self.assertTrue(self.sink.has_room.wait(PATIENCE))
        self.assertEqual(1, pool.slots)
        self.start(pool, "next")
        self.assertEqual("success", self.ended()[1]["outcome"])

    def test_what_cannot_be_understood_ends_the_process(self):
        pool = self.pool(1)
        self.start(pool, "warms")
        self.ended()
        child = pool._idle[0]
        child.pipe.send_bytes(b"no pickle")
        child.process.join(PATIENCE)
        self.assertFalse(child.process.is_alive())

    def test_nothing_is_said_to_a_process_in_the_middle_of_something_else(self):
        pool = self.pool(1)
        self.start(pool, "warms")
        self.ended()
        child = pool._idle[0]
        self.start(pool, "hangs", "prints", "hang")
        self.until(lambda: child.has_begun)
        held, sent = [], child.pipe.send
        child.pipe.send = lambda message: (held.append(pool._lock.locked()), sent(message))
        pool.stop(("hangs", "1"), "cancelled")
        self.assertEqual([True], held)

    def test_checkpoints_of_processes_go_by_the_workers_own_certificates(self):
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("there is no openssl")
        subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.folder / "key.pem", "-out", self.folder / "own.pem", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        with open(self.folder / f"{self.name}.py", "a") as file:
            file.write(TLS.format(folder=str(self.folder)))
        asked = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked.put((self.path, self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "own.pem", self.folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pool = self.pool(1, url=f"https://localhost:{server.server_port}")
        self.start(pool, "saves", "saves", {"page": 1})
        self.assertEqual("success", self.sink.reports.get(timeout=20)[1]["outcome"])
        self.assertEqual(("/work/jobs/saves/checkpoint", b'{"session":"s","token":"1","checkpoint":{"page":1}}'), asked.get(timeout=1))


if __name__ == "__main__":
    unittest.main()
