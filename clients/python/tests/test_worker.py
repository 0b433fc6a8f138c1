"""The worker as programs that serve a grid: what handlers can do, and what may be done to them."""
import functools
import json
import os
import signal
import subprocess
import sys
import time
import unittest
import urllib.request
from pathlib import Path

from orleansjobs import JobCancelled, JobFailed
from tests.grid import TESTS, Program, WorkerProgram, WorkerTest, folder, unique, url

MODES = ("--threads=4", "--processes=2", "--tasks=4")


def in_modes(*modes):
    """Runs a test with a worker of each mode, which has to end in order."""

    def wrap(test):
        @functools.wraps(test)
        def run(self):
            for mode in modes:
                with self.subTest(mode):
                    self.prefix = unique("w")
                    with WorkerProgram(self.prefix, mode, folder=self.place.name) as program:
                        test(self, program)
                        program.signal(signal.SIGTERM)
                        self.assertEqual(0, program.wait(), program.output)

        return run

    return wrap


class EveryModeTests(WorkerTest):
    """What holds on threads, in processes and for coroutines."""

    @in_modes(*MODES)
    def test_results(self, program):
        for args in ({}, {"ä": ["☃", None, 1.5, {"x": []}]}, [1, 2], "text", 7):
            self.assertEqual(args, self.result("echo", args))
        self.assertEqual(1, self.result("coroutine"))

    @in_modes("--threads=4", "--processes=2")
    def test_letters_count_as_their_bytes(self, program):
        text = "\u0436" * 100_000  # 200 kB of UTF-8, of the 256 KiB that arguments may be
        self.assertEqual(text, self.result("echo", text))
        self.assertEqual("\u0436" * 300_000, self.result("grows", {"text": "\u0436", "times": 300_000}))
        half = self.error("grows", {"times": 1, "code": 0xD800})
        self.assertIn("The result is no JSON", str(half))
        with self.assertRaises(ValueError):
            self.client.submit(f"{self.prefix}.echo", {"half": "\ud800"})

    @in_modes(*MODES)
    def test_what_a_job_knows(self, program):
        given_up = time.monotonic() + 30
        while True:  # what a type is said to be takes its time to reach every silo
            job = self.submit("facts", tags={"customer": "7"})
            facts = self.client.result(job.id, timeout=60)
            if facts["attempts"] == 7 or time.monotonic() > given_up:
                break
        self.assertEqual("facts-of-jobs", job.queue)
        self.assertEqual((job.id, job.type, "facts-of-jobs", 1, 7, {"customer": "7"}, 600), tuple(facts[name] for name in (
            "id", "type", "queue", "attempt", "attempts", "tags", "timeout")))
        self.assertGreater(int(facts["token"]), 2**53)
        self.assertEqual("--processes=2" not in program.process.args, facts["pid"] == program.pid)

    @in_modes(*MODES)
    def test_progress_is_told_and_the_last_of_it_kept(self, program):
        seen = list(self.client.watch(self.submit("steps", {"steps": 30, "each": 0.05}).id))
        steps = [job.data["step"] for job in seen if job.data and "step" in job.data]
        self.assertGreaterEqual(len(set(steps)), 3)
        self.assertEqual(sorted(steps), steps)
        self.assertTrue(all(job.data["text"] == "ä☃" for job in seen if job.data and "step" in job.data))
        last = seen[-1]
        self.assertEqual(("SUCCESS", 30, 30, {"last": True}), (last.state, last.current, last.total, last.data))

    @in_modes("--threads=4", "--processes=2")
    def test_lines_are_kept_with_the_job_and_its_failure_says_where(self, program):
        failed = self.error("says")
        with urllib.request.urlopen(f"{url()}/jobs/{failed.job.id}/logs") as answer:
            log = json.load(answer)
        self.assertEqual([(1, "warning", "first"), (2, "information", "by logging")], [(line["number"], line["level"], line["text"]) for line in log["lines"]])
        self.assertTrue(log["over"])
        with urllib.request.urlopen(f"{url()}/jobs/{failed.job.id}") as answer:
            self.assertEqual("GiveUp at handlers.says", json.load(answer)["error"]["place"])

    @in_modes(*MODES)
    def test_failures_are_repeated_while_attempts_last(self, program):
        failed = self.error("fails", attempts=2)
        self.assertEqual(("error", "ValueError", "no such file: attempt 2"), (failed.code, failed.type, str(failed)))
        self.assertEqual(["failed", "failed"], [attempt.outcome for attempt in failed.job.attempts])

    @in_modes(*MODES)
    def test_later_and_checkpoints(self, program):
        self.assertEqual({"count": 3, "attempt": 1}, self.result("later"))
        self.assertEqual({"page": 17}, self.result("saves"))

    @in_modes(*MODES)
    def test_steps_are_done_once(self, program):
        for type in ("once", "once-awaited"):
            name = unique("bill")
            self.assertEqual([{"amount": 7}, {"amount": 8}, None], self.result(type, {"name": name}))
            bills = (Path(self.place.name) / "bills").read_text().split()
            self.assertEqual(2, bills.count(name))

    @in_modes(*MODES)
    def test_a_job_waits_for_children_signals_and_time_without_a_slot(self, program):
        for type in ("family", "family-awaited"):
            name = unique("bill")
            jobs = [self.submit(type, {"name": name, "children": 5}) for _ in range(6)]  # more of them than slots
            for job in jobs:
                waits = self.wait_for(job.id, lambda seen: [reason["what"] for reason in seen.raw.get("waitingFor", ())] == ["signal"] and seen.raw["waitingFor"][0].get("until") is None)
                self.assertEqual("PROGRESS", waits.state)
                self.client.signal(job.id, "word", {"said": True})
            for job in jobs:
                self.assertEqual([{"amount": 1}, [0, 1, 2, 3, 4, "FAILURE: no such file: attempt 1", "nothing", {"said": True}]], self.client.result(job.id, timeout=60))
            self.assertEqual(len(jobs), (Path(self.place.name) / "bills").read_text().split().count(name))

    @in_modes("--threads=4")
    def test_what_cannot_be_remembered_fails_the_job(self, program):
        failed = self.error("remembers-too-much")
        self.assertEqual(("GiveUp", 1), (failed.type, failed.job.attempt))

    @in_modes(*MODES)
    def test_giving_up(self, program):
        failed = self.error("gives-up")
        self.assertEqual(("GiveUp", "It will never work.", 1), (failed.type, str(failed), failed.job.attempt))

    @in_modes("--threads=4", "--processes=2")
    def test_results_that_cannot_be_stored_fail_their_job_alone(self, program):
        jobs = [self.submit("returns", args) for args in ({"what": "nan"}, {"what": "set"}, {"what": "deep", "deep": 60}, {"what": "big", "big": 5 << 20})]
        good = [self.submit("echo", number) for number in range(10)]
        for job in jobs:
            with self.assertRaises(JobFailed):
                self.client.result(job.id, timeout=60)
        self.assertEqual(list(range(10)), [self.client.result(job.id, timeout=60) for job in good])

    @in_modes("--threads=4", "--processes=2")
    def test_words_that_a_call_could_break_on(self, program):
        failed = self.error("speaks", attempts=1)
        self.assertIn("half a pair", str(failed))

    @in_modes(*MODES)
    def test_cancelling(self, program):
        for name, args in (("steps", {"steps": 10_000}), ("coroutine", {"seconds": 600})):
            job = self.submit(name, args)
            self.until(job.id, lambda one: one.current > 0 or one.total > 1, "progress")
            self.client.cancel(job.id)
            with self.assertRaises(JobCancelled):
                self.client.result(job.id, timeout=30)
        self.assertTrue((self.folder / f"cancelled-{job.id}").exists())

    @in_modes("--threads=1")
    def test_cancelling_where_every_slot_is_taken(self, program):
        job = self.submit("steps", {"steps": 10_000})
        self.until(job.id, lambda one: one.current > 0, "progress")
        self.client.cancel(job.id)
        with self.assertRaises(JobCancelled):
            self.client.result(job.id, timeout=5)

    @in_modes(*MODES)
    def test_timeouts(self, program):
        self.assertEqual("timeout", self.error("steps", {"steps": 10_000}, timeout=0.5, attempts=1).code)


class CommandLineTests(unittest.TestCase):
    def run_it(self, *arguments, **env):
        return subprocess.run(
            [sys.executable, "-m", "orleansjobs", *arguments], cwd=str(TESTS.parent), env={**os.environ, **env}, capture_output=True, text=True, timeout=60)

    def test_what_is_wrong_is_said(self):
        for arguments, words in (
                (("worker", "no_such_module:worker"), "There is no worker at no_such_module:worker"), (("worker", "json:dumps"), "is no Worker"),
                (("worker", "tests.handlers:nothing"), "nothing"), (("worker", "tests.handlers:worker", "--threads", "0"), "1 to 1000 slots"),
                (("worker", "tests.handlers:worker", "--url", "redis://x"), "redis://x")):
            done = self.run_it(*arguments)
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertIn(words, done.stderr)

    def test_a_type_that_the_grid_refuses_ends_the_worker(self):
        with folder() as place:
            (Path(place) / "refused.py").write_text(
                "from orleansjobs import Worker\nworker = Worker()\n@worker.job('x', schema='no schema')\ndef x(job, args): ...\n")
            with Program("-m", "orleansjobs", "worker", "refused:worker", cwd=place) as program:
                self.assertEqual(6, program.wait(), program.output)
                self.assertIn("/types/0/schema", program.output)


if __name__ == "__main__":
    unittest.main()
