"""What may be done to workers: signals, deaths, broken wires, and many jobs at once."""
import signal
import threading
import unittest
from pathlib import Path

from tests.cutter import Cutter
from tests.grid import WorkerTest, unique


class ProcessTests(WorkerTest):
    def test_a_handler_that_heeds_nothing_is_killed(self):
        self.worker("--processes=1")
        self.assertEqual("timeout", self.error("deaf", {"seconds": 600}, timeout=0.5, attempts=1).code)
        self.assertEqual("still here", self.result("echo", "still here"))

    def test_a_process_that_dies_costs_its_own_job_one_repeat(self):
        self.worker("--processes=2")
        others = [self.submit("steps", {"steps": 20}) for _ in range(3)]
        dying = self.submit("dies")
        self.assertEqual(2, self.client.result(dying.id, timeout=60))
        for job in others:
            self.assertEqual("steps", self.client.result(job.id, timeout=60))
            self.assertEqual(1, self.client.status(job.id).attempt)
        self.assertIn("signal 9", self.client.status(dying.id).attempts[0].error.message)

    def test_what_a_child_logs_is_in_the_log(self):
        program = self.worker("--processes=1")
        self.error("says", attempts=1)
        self.assertIn("INFO shop: by logging", program.wait_for("by logging"))

    def test_children_go_with_their_parent(self):
        program = self.worker("--processes=2")
        child = self.result("facts")["pid"]
        self.assertNotEqual(program.pid, child)
        program.signal(signal.SIGKILL)
        program.wait()
        while True:  # ends when it has gone, or with the test's time
            try:
                state = Path(f"/proc/{child}/stat").read_text().split()[2]
            except FileNotFoundError:
                break
            if state == "Z":
                break


class SignalTests(WorkerTest):
    def test_sigterm_drains(self):
        for mode in ("--threads=1", "--processes=1", "--tasks=1"):
            with self.subTest(mode):
                self.prefix = unique("w")
                program = self.worker(mode)
                running = self.submit("marks", {"wait": f"go-{self.prefix}"})
                self.until(running.id, lambda job: job.status == "run 1", "the start")
                program.signal(signal.SIGTERM)
                waiting = self.submit("echo", "for somebody else")
                (self.folder / f"go-{self.prefix}").touch()
                self.assertEqual(1, self.client.result(running.id, timeout=60))
                self.assertEqual(0, program.wait(), program.output)
                self.assertEqual("PENDING", self.client.status(waiting.id).state)
                self.worker("--threads=1")
                self.assertEqual("for somebody else", self.client.result(waiting.id, timeout=60))

    def test_a_second_signal_hands_back_what_runs(self):
        for mode in ("--threads=2", "--processes=2"):
            with self.subTest(mode):
                self.prefix = unique("w")
                program = self.worker(mode)
                job = self.submit("marks", {"wait": f"go-{self.prefix}"})
                self.until(job.id, lambda one: one.status == "run 1", "the start")
                program.signal(signal.SIGTERM)
                program.signal(signal.SIGINT)
                self.assertEqual(0, program.wait(), program.output)
                (self.folder / f"go-{self.prefix}").touch()
                self.worker("--threads=1")
                self.assertEqual(1, self.client.result(job.id, timeout=60), "it has used up no attempt")
                self.assertEqual(["returned", "succeeded"], [attempt.outcome for attempt in self.client.status(job.id).attempts])

    def test_a_second_signal_ends_a_worker_whose_grid_is_away(self):
        away, asked = threading.Event(), threading.Event()

        def plan(number, request):
            if b"/checkpoint " in request.split(b"\r\n", 1)[0]:
                asked.set()
            return "cut request" if away.is_set() else "pass"

        cutter = Cutter(plan)
        self.addCleanup(cutter.close)
        program = self.worker("--tasks=1", at=cutter.url)
        job = self.submit("saves-late")
        self.addCleanup(lambda: self.client.cancel(job.id))
        self.until(job.id, lambda one: one.status == "run", "the start")
        away.set()
        (self.folder / "go").touch()
        self.assertTrue(asked.wait(60))
        program.signal(signal.SIGTERM)
        program.signal(signal.SIGINT)
        self.assertEqual(0, program.wait(60), program.output)  # its patience is two minutes

    def test_a_worker_killed_costs_its_own_jobs_one_repeat(self):
        for mode in ("--threads=2", "--processes=2"):
            with self.subTest(mode):
                self.prefix = unique("w")
                program = self.worker(mode)
                job = self.submit("marks", {"wait": f"go-{self.prefix}"})
                self.until(job.id, lambda one: one.status == "run 1", "the start")
                program.signal(signal.SIGKILL)
                program.wait()
                (self.folder / f"go-{self.prefix}").touch()
                self.worker("--threads=2")
                self.assertEqual(2, self.client.result(job.id, timeout=60))
                self.assertEqual(["crashed", "succeeded"], [attempt.outcome for attempt in self.client.status(job.id).attempts])
                mine = [int(mark[2]) for mark in self.marks() if mark[0] == job.id]
                self.assertEqual(2, len(mine))
                self.assertLess(mine[0], mine[1], "tokens only grow")

    def test_a_worker_stopped_for_too_long_is_refused(self):
        first = self.worker("--threads=1")
        job = self.submit("stale")
        self.until(job.id, lambda one: one.status == "run 1", "the start")
        first.signal(signal.SIGSTOP)
        self.worker("--threads=1")
        self.assertEqual("second", self.client.result(job.id, timeout=60))
        (self.folder / "go").touch()
        first.signal(signal.SIGCONT)
        # It learns that the lease is lost, or that its checkpoint is stale; either way it serves on, and what it says of the job changes nothing.
        first.signal(signal.SIGTERM)
        self.assertEqual(0, first.wait(), first.output)
        self.assertEqual("second", self.client.result(job.id))


class LoadTests(WorkerTest):
    def test_many_jobs_run_once_each(self):
        workers = [self.worker("--threads=4"), self.worker("--processes=2")]
        jobs = self.client.batch({"type": f"{self.prefix}.marks", "args": {}} for _ in range(1000))
        for job in jobs:
            self.assertEqual(1, self.client.result(job.id, timeout=120))
        marks = [mark[0] for mark in self.marks()]
        self.assertEqual(sorted(job.id for job in jobs), sorted(marks))
        pids = {mark[3] for mark in self.marks()}
        self.assertGreater(len(pids), 1, "both took part")
        for worker in workers:
            worker.signal(signal.SIGTERM)
            self.assertEqual(0, worker.wait(), worker.output)

    def test_a_wire_that_cuts_loses_nothing_and_repeats_nothing(self):
        cutter = Cutter(lambda number, request: ("cut answer" if number % 7 == 3 else "cut request" if number % 7 == 5 else "pass") if number else "pass")
        self.addCleanup(cutter.close)
        program = self.worker("--threads=4", at=cutter.url)
        jobs = self.client.batch({"type": f"{self.prefix}.marks", "args": {}} for _ in range(150))
        for job in jobs:
            self.assertEqual(1, self.client.result(job.id, timeout=120))
        self.assertEqual(sorted(job.id for job in jobs), sorted(mark[0] for mark in self.marks()), "each once")
        self.assertGreater(cutter.cuts, 4)
        program.signal(signal.SIGTERM)
        self.assertEqual(0, program.wait(), program.output)


if __name__ == "__main__":
    unittest.main()
