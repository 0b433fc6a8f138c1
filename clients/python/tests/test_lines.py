"""Lines of jobs where what is logged logs itself: nothing stands still, and nothing is mistaken for the package's own."""
import contextvars
import logging
import threading
import unittest
from collections import UserDict

from orleansjobs.worker import JobLogHandler
from orleansjobs.worker.inbox import Inbox
from orleansjobs.worker.job import Job
from orleansjobs.worker.lines import current_job
from orleansjobs.worker.session import Lease

PATIENCE = 20


def lease():
    return Lease.of({"id": "j", "token": "1", "type": "t", "queue": "q", "attempt": 1, "attempts": 3, "args": None})


class LineTests(unittest.TestCase):
    def setUp(self):
        self.inbox = Inbox(lambda: None)
        self.job = Job(lease(), lambda said: self.inbox.say("j", said), lambda value: None, lambda about, what: None)
        self.logger = logging.getLogger("shop_of_lines")
        self.logger.propagate = False
        self.logger.setLevel(logging.DEBUG)
        self.handler = JobLogHandler()
        self.logger.addHandler(self.handler)
        self.addCleanup(self.logger.removeHandler, self.handler)

    def run_in_job(self, call):
        """On a thread that may stand still without the tests doing so."""

        def run():
            current_job.set(self.job)
            call()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive(), "it stands still")

    def said(self):
        said, _ = self.inbox.take()
        return [(line["n"], line["text"]) for line in said["j"]["lines"]]

    def test_a_thread_of_the_handlers_own_that_runs_in_its_context(self):
        def call():
            for number, target in enumerate((self.logger.info, contextvars.copy_context().run)):
                arguments = ("lost",) if number == 0 else (self.logger.info, "kept")
                thread = threading.Thread(target=target, args=arguments, daemon=True)
                thread.start()
                thread.join(PATIENCE)

        self.run_in_job(call)
        # From Python 3.14 on, threads of some builds inherit it.
        self.assertEqual("kept", self.said()[-1][1])

    def test_an_error_whose_text_logs(self):
        logger = self.logger

        class Talkative(Exception):
            def __str__(self):
                logger.warning("asked for its text")
                return "talkative"

        self.run_in_job(lambda: self.logger.error("it broke", exc_info=(Talkative, Talkative(), None)))
        self.assertEqual([(1, "asked for its text"), (2, "it broke")], self.said())

    def test_a_text_that_waits_for_another_thread_which_logs(self):
        job = self.job

        class Slow:
            def __str__(self):
                other = threading.Thread(target=lambda: job.log("from another thread"), daemon=True)
                other.start()
                other.join(PATIENCE / 2)
                return "stands still" if other.is_alive() else "slow"

        self.run_in_job(lambda: self.job.log(Slow()))
        self.assertEqual([(1, "from another thread"), (2, "slow")], self.said())

    def test_what_logs_while_it_is_said(self):
        """As what is collected as garbage at that moment does."""
        job = self.job

        heard = []

        class Collected(UserDict):
            def keys(self):
                heard.append(1)
                job.log("collected")
                return super().keys()

        self.run_in_job(lambda: self.inbox.say("j", Collected(current=1)))
        said, _ = self.inbox.take()
        self.assertEqual(([1], 1), (heard, said["j"]["current"]))

    def test_names_that_only_begin_like_the_package(self):
        for name in ("orleansjobs", "orleansjobs.worker.x", "orleansjobs_app", "orleansjobsapp.x"):
            logger = logging.getLogger(name)
            logger.setLevel(logging.DEBUG)
            logger.addHandler(self.handler)
            self.addCleanup(logger.removeHandler, self.handler)
            self.addCleanup(logger.setLevel, logging.NOTSET)
            self.run_in_job(lambda logger=logger: logger.warning("by %s", logger.name))
        self.assertEqual([(1, "by orleansjobs_app"), (2, "by orleansjobsapp.x")], self.said())

    def test_who_is_in_no_job_does_not_wait_for_one_who_is(self):
        self.handler.acquire()
        try:
            thread = threading.Thread(target=lambda: self.logger.warning("elsewhere"), daemon=True)
            thread.start()
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive(), "it stands still")
        finally:
            self.handler.release()


if __name__ == "__main__":
    unittest.main()
