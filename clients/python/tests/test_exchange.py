"""Decisions of the client that need no grid: what is asked again, and for how long."""
import json
import random
import unittest

from orleansjobs import Conflict, InvalidRequest, JobNotFound, NotAllowed, Problem, Unavailable, Unreachable, submission
from orleansjobs.errors import problem_from
from orleansjobs.exchange import Exchange, Lost, Pause, Request, Response, backoff
from orleansjobs.operations import Settings, batch, delete, retry

ASKED = Request("GET", "/jobs/a")


def answer(status, body=None, **headers):
    return Response(status, headers, json.dumps(body).encode() if body is not None else b"")


def problem(status, code, **more):
    return answer(status, {"type": "urn:orleansjobs:problem:" + code, "title": code, "status": status, "detail": "d", **more})


class Drive:
    """Plays a generator through with prepared answers, on a clock that only its pauses move."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.now = 0.0
        self.requests = []

    def clock(self):
        return self.now

    def run(self, operation):
        try:
            wish = next(operation)
            while True:
                if isinstance(wish, Pause):
                    self.now += wish.seconds
                    wish = operation.send(None)
                    continue
                self.requests.append(wish)
                found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                wish = operation.throw(found) if isinstance(found, Lost) else operation.send(found)
        except StopIteration as end:
            return end.value


class ExchangeTests(unittest.TestCase):
    def exchange(self, *answers, patience=60):
        drive = Drive(*answers)
        return drive, Exchange(patience, drive.clock)

    def test_what_passes_is_asked_again(self):
        for passing in (Lost("gone"), problem(503, "unavailable"), problem(429, "rate-limited"), problem(408, "body-timeout"), answer(502)):
            drive, exchange = self.exchange(passing, answer(200, {}))
            self.assertEqual(200, drive.run(exchange.expect(ASKED)).status)
            self.assertEqual([ASKED, ASKED], drive.requests)
            self.assertTrue(exchange.repeated)

    def test_patience_counts_from_the_first_failure(self):
        drive, exchange = self.exchange(Lost("cut"), answer(200, {}), patience=5)
        operation = exchange.expect(ASKED)
        next(operation)
        drive.now = 59.0  # it was held, as it was asked to be
        pause = operation.throw(Lost("cut"))
        self.assertIsInstance(pause, Pause)

    def test_what_stays_is_raised_at_once(self):
        for status, code, kind in (
                (400, "malformed-json", InvalidRequest), (401, "unauthorized", NotAllowed), (403, "forbidden", NotAllowed), (404, "job-not-found", JobNotFound),
                (409, "id-taken", Conflict), (410, "gone", JobNotFound), (413, "too-large", InvalidRequest), (422, "invalid-args", InvalidRequest)):
            drive, exchange = self.exchange(problem(status, code))
            with self.assertRaises(kind) as raised:
                drive.run(exchange.expect(ASKED))
            self.assertEqual((code, status), (raised.exception.code, raised.exception.status))
            self.assertEqual(1, len(drive.requests))

    def test_patience_ends(self):
        drive, exchange = self.exchange(Lost("refused"), patience=20)
        with self.assertRaises(Unreachable):
            drive.run(exchange.expect(ASKED))
        self.assertTrue(10 < drive.now <= 20, drive.now)
        drive, exchange = self.exchange(problem(503, "overloaded"), patience=20)
        with self.assertRaises(Unavailable) as raised:
            drive.run(exchange.expect(ASKED))
        self.assertEqual("overloaded", raised.exception.code)

    def test_retry_after_is_heeded(self):
        drive, exchange = self.exchange(answer(429, None, **{"retry-after": "7"}), answer(200, {}))
        drive.run(exchange.expect(ASKED))
        self.assertTrue(7 <= drive.now <= 8, drive.now)
        drive, exchange = self.exchange(answer(503, None, **{"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}), answer(200, {}))
        drive.run(exchange.expect(ASKED))

    def test_backoff_grows_and_is_bounded(self):
        chance = random.Random(1).random
        waits = [backoff(failures, None, chance) for failures in range(1, 1000)]
        self.assertTrue(all(0 < wait <= 5 for wait in waits))
        self.assertLess(waits[0], 0.11)
        self.assertGreater(min(waits[10:]), 2.4)

    def test_a_problem_says_where(self):
        found = problem_from(422, {
            "type": "urn:orleansjobs:problem:invalid-args", "title": "t", "detail": "/args/n: Too small.",
            "errors": [{"detail": "?", "parameter": "x"}, {"pointer": "/args/n", "detail": "Too small."}]})
        self.assertEqual("/args/n", found.pointer)
        self.assertEqual("invalid-args: /args/n: Too small.", str(found))
        self.assertEqual("unavailable", problem_from(502, None).code)
        self.assertIsInstance(problem_from(404, "<html>"), Problem)


class RepeatTests(unittest.TestCase):
    """What was done by a request whose answer was lost stands in the way of doing it again."""

    JOB = {
        "id": "a", "type": "t", "queue": "q", "priority": 4, "state": "PENDING", "current": 0, "total": 1, "status": "", "attempt": 0, "maxAttempts": 3,
        "version": 1, "submittedAt": "2026-01-01T00:00:00Z", "dueAt": "2026-01-01T00:00:00Z", "tags": {}, "attempts": []}

    def play(self, operation, *answers):
        drive = Drive(*answers)
        return drive.run(operation(Settings(60, 30, drive.clock), "a", None))

    def test_delete(self):
        self.play(delete, Lost("cut"), problem(404, "job-not-found"))
        with self.assertRaises(JobNotFound):
            self.play(delete, problem(404, "job-not-found"))

    def test_retry(self):
        retried = {**self.JOB, "changes": [{"what": "retried", "by": "x", "at": "2026-01-01T00:00:00Z"}]}
        self.assertEqual("a", self.play(retry, Lost("cut"), problem(409, "wrong-state"), answer(200, retried)).id)
        with self.assertRaises(Conflict):
            self.play(retry, problem(409, "wrong-state"), answer(200, retried))
        with self.assertRaises(Conflict):
            self.play(retry, Lost("cut"), problem(409, "wrong-state"), answer(200, self.JOB))

    def test_batch_asks_again_for_what_had_no_room(self):
        items = [submission("t") for _ in range(3)]
        jobs = [{**self.JOB, "id": item["id"]} for item in items]
        full = {"status": 503, "problem": {"type": "urn:orleansjobs:problem:overloaded", "title": "", "status": 503, "detail": ""}}
        bad = {"status": 422, "problem": {"type": "urn:orleansjobs:problem:invalid-args", "title": "", "status": 422, "detail": ""}}
        drive = Drive(
            answer(200, {"accepted": 1, "items": [full, {"status": 202, "job": jobs[1]}, bad]}), answer(200, {"accepted": 1, "items": [{"status": 202, "job": jobs[0]}]}))
        found = drive.run(batch(Settings(60, 30, drive.clock), items))
        self.assertEqual([items[0]["id"], items[1]["id"], "invalid-args"], [getattr(item, "id", None) or item.code for item in found])
        self.assertEqual([items[0]], json.loads(drive.requests[1].body))

    def test_batch_is_cut_into_requests_of_1000(self):
        items = [submission("t") for _ in range(2500)]
        drive = Drive()
        sent = []

        def reply(operation):
            wish = next(operation)
            while True:
                bodies = json.loads(wish.body)
                sent.append(len(bodies))
                wish = operation.send(answer(200, {"items": [{"status": 202, "job": {**self.JOB, "id": body["id"]}} for body in bodies]}))

        with self.assertRaises(StopIteration) as end:
            reply(batch(Settings(60, 30, drive.clock), items))
        self.assertEqual([1000, 1000, 500], sent)
        self.assertEqual([item["id"] for item in items], [job.id for job in end.exception.value])


if __name__ == "__main__":
    unittest.main()
