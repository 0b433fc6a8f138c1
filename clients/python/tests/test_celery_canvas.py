"""What canvases have of their own in the grid: joins of large chords, what is refused, how failures are found, and countdowns after what they follow."""
import contextlib
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

from orleansjobs.celery import Celery, chain, chord, group
from orleansjobs.celery.canvas import plan as plan_module
from orleansjobs.celery.canvas import submitting
from orleansjobs.celery.canvas.plan import MOST, Plan
from orleansjobs.celery.exceptions import ChordError
from orleansjobs.celery.result import AsyncResult
from orleansjobs.errors import InvalidRequest, Unavailable, Unreachable
from orleansjobs.writing import encode
from tests.grid import GridTest, Program, folder_with, imported, unique

APP = '''
from pathlib import Path
from orleansjobs.celery import Celery
from orleansjobs.celery.exceptions import Ignore
app = Celery("{name}")
FOLDER = Path({folder!r})

@app.task(name="{name}.add")
def add(x, y=0):
    return x + y

@app.task(name="{name}.total")
def total(numbers):
    return sum(numbers)

@app.task(name="{name}.fails")
def fails(*args):
    raise ValueError("failed")

@app.task(name="{name}.nothing")
def nothing():
    raise Ignore()

@app.task(name="{name}.again", bind=True, max_retries=50, default_retry_delay=0.3)
def again(self, given, said="first", folder=None):
    if self.request.retries == 0:
        raise self.retry()
    if self.request.retries == 1:
        raise self.retry(args=(given, "changed"))
    if not (Path(folder) / "go").exists() or self.request.retries < 4:
        raise self.retry()
    return [given, said]

@app.task(name="{name}.mark")
def mark(*args):
    with open(FOLDER / "marks", "a") as file:
        file.write("mark\\n")
'''


def planned(sig):
    """The jobs of a canvas as they would be submitted."""
    plan = Plan(sig.app)
    placed = sig._place(plan, (), {}, None, {})
    with mock.patch.object(plan_module, "submit_all"):
        plan.submit()
    return plan._bodies, placed


def listed(bodies, value):
    """Whose results a job is given, wherever that is written."""
    if isinstance(value, dict):
        lists = {body["id"]: body["args"]["list"] for body in bodies if "list" in body["args"]}
        return [id for one in value["lists"] for id in listed(bodies, lists[one])]
    return [id for part in value for id in listed(bodies, part)] if isinstance(value, list) else [value]


class PlanTests(unittest.TestCase):
    def setUp(self):
        self.app = Celery("planned", broker="http://localhost:1", set_as_current=False)
        self.add = self.app.task(name="add")(lambda x, y: x + y)
        self.total = self.app.task(name="total")(lambda numbers: sum(numbers))

    def test_no_job_follows_more_than_it_may_and_none_comes_before_what_it_follows(self):
        for members in (1, 99, 100, 101, 9_901, 20_000):
            bodies, placed = planned(chord([self.add.si(1, 1) for _ in range(members)], self.total.s()))
            seen = set()
            for body in bodies:
                after = [one if isinstance(one, str) else one["job"] for one in body.get("after", ())]
                self.assertLessEqual(len(after), MOST)
                self.assertLessEqual(set(after), seen)
                seen.add(body["id"])
            self.assertEqual([body["id"] for body in bodies if body["type"] == "add"], listed(bodies, bodies[-1]["args"]["from"]))
            self.assertLess(max(len(encode(body["args"])) for body in bodies), 256 << 10, "the grid takes no longer arguments")
            self.assertEqual(placed.result.id, bodies[-1]["id"])
            self.assertEqual(placed.result.parent.id, bodies[-1]["tags"]["celery.body"])

    def test_lists_within_lists(self):
        with mock.patch.object(plan_module, "MOST_LISTED", 2000):
            bodies, _ = planned(chord([group(self.add.si(1, 1) for _ in range(200)), self.add.si(1, 1), group(self.add.si(1, 1) for _ in range(3))], self.total.s()))
            self.assertEqual([body["id"] for body in bodies if body["type"] == "add"], listed(bodies, bodies[-1]["args"]["from"]))
            self.assertLess(max(len(encode(body["args"])) for body in bodies), 3000)
            seen = set()
            for body in bodies:
                self.assertLessEqual(set(body.get("after", ())), seen)
                seen.add(body["id"])
            many, _ = planned(chain(group(self.add.si(1, 1) for _ in range(90)), group(self.total.s() for _ in range(50))))
            self.assertEqual(2, sum("list" in body["args"] for body in many), "it is written once, however many are given it")

    def test_what_others_follow_is_kept_until_they_have_run(self):
        week = 7 * 86400
        self.app.conf.result_expires = 600
        first, second, third = planned(chain(self.add.s(1, 1), self.add.s(1).set(countdown=86400), self.add.s(1)))[0]
        self.assertEqual((week + 86400, week, 600), (first["retention"], second["retention"], third["retention"]))
        until = datetime.now(timezone.utc) + timedelta(days=30)
        first, second = planned(chain(self.add.s(1, 1), self.add.s(1).set(eta=until)))[0]
        self.assertAlmostEqual(week + 30 * 86400, first["retention"], delta=60)
        self.app.conf.result_expires = 30 * 86400
        first, second = planned(chain(self.add.s(1, 1), self.add.s(1)))[0]
        self.assertEqual((30 * 86400, 30 * 86400), (first["retention"], second["retention"]), "or longer")
        failing = self.add.s(1, 1)
        failing.link_error(self.total.s())
        self.app.conf.result_expires = None
        self.assertEqual([week, None], [body.get("retention") for body in planned(failing)[0]])

    def test_what_was_submitted_before_the_grid_went_away_is_taken_back(self):
        for refused in (Unavailable("unavailable", 503), InvalidRequest("invalid-member", 422)):
            sent, cancelled = [], []

            class Grid:
                def batch(self, bodies):
                    sent.extend(body["id"] for body in bodies)
                    raise refused

                def cancel(self, id, reason=None):
                    cancelled.append(id)

            with mock.patch.object(submitting, "_canceller", lambda app: contextlib.nullcontext(Grid())), mock.patch.object(Celery, "client", Grid()):
                with self.assertRaises(type(refused)):
                    chord([self.add.si(1, 1) for _ in range(5)], self.total.s())()
            self.assertEqual((6, sorted(sent)), (len(sent), sorted(cancelled)))

    def test_who_cannot_reach_the_grid_does_not_ask_it_for_every_job(self):
        cancelled = []

        class Grid:
            def batch(self, bodies):
                raise Unreachable("gone")

            def cancel(self, id, reason=None):
                cancelled.append(id)
                raise Unreachable("gone")

        with mock.patch.object(submitting, "_canceller", lambda app: contextlib.nullcontext(Grid())), mock.patch.object(Celery, "client", Grid()):
            with self.assertRaises(Unreachable):
                chord([self.add.si(1, 1) for _ in range(500)], self.total.s())()
        self.assertLess(len(cancelled), 20)

    def test_a_group_that_follows_a_large_group_waits_for_the_same_joins(self):
        bodies, _ = planned(chain(group(self.add.si(1, 1) for _ in range(150)), group(self.total.s() for _ in range(150))))
        self.assertEqual(2, sum(body["type"].startswith("celery.join") for body in bodies))

    def test_what_counts_from_the_end_of_another_is_told_the_worker(self):
        bodies, _ = planned(chain(self.add.s(1, 1).set(countdown=3, expires=9), self.add.s(1).set(countdown=5, expires=7)))
        self.assertEqual((3, 9.0), (bodies[0]["countdown"], bodies[0]["expires"]))
        self.assertEqual((5, 7.0), (bodies[1]["args"]["countdown"], bodies[1]["args"]["expires"]))
        self.assertNotIn("countdown", bodies[1])

    def test_signatures_are_left_as_they_were(self):
        sig = chain(self.add.s(1, 1), group(self.add.s(1), self.add.s(2)), self.total.s())
        before = repr(sig), dict(sig)
        planned(sig)
        sig.clone((5,)).set(queue="other")
        self.assertEqual(before, (repr(sig), dict(sig)))

    def test_clones_keep_their_arguments(self):
        self.assertEqual((5, 1), chain(self.add.s(1), self.add.s(2)).clone((5,)).tasks[0].args)
        self.assertEqual([(5, 1), (5, 2)], [task.args for task in group(self.add.s(1), self.add.s(2)).clone((5,)).tasks])


class GridTests(GridTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.name = unique("canvas").replace("-", "_")
        cls.place = folder_with(APP, cls.name, cls.addClassCleanup)
        cls.module = imported(cls.name, cls.place, cls.addClassCleanup)
        cls.program = Program("-m", "orleansjobs.celery", "-A", cls.name, "worker", "-P", "threads", "-c", "8", cwd=cls.place)
        cls.addClassCleanup(cls.program.__exit__)

    def test_a_large_chord_and_one_of_it_that_fails(self):
        add, total, fails = self.module.add, self.module.total, self.module.fails
        self.assertEqual(1200, chord(add.s(1, 0) for _ in range(1200))(total.s()).get(timeout=120))
        bad = chord([add.s(1, 1)] * 120 + [fails.s()] + [add.s(1, 1)] * 120)(total.s())
        with self.assertRaises(ValueError):
            bad.get(timeout=60)
        with self.assertRaises(ChordError) as raised:
            AsyncResult(bad.id, app=self.module.app).get(timeout=60)
        self.assertEqual(f"Dependency {bad.parent[120].id} raised ValueError('failed')", str(raised.exception))

    def test_a_chord_whose_members_are_not_all_named_in_its_body(self):
        with mock.patch.object(plan_module, "MOST_LISTED", 1000):
            self.assertEqual(sum(range(150)), chord(self.module.add.s(number, 0) for number in range(150))(self.module.total.s()).get(timeout=60))

    def test_what_is_followed_is_there_however_short_results_are_kept(self):
        self.module.app.conf.result_expires = 1
        try:
            result = chain(self.module.add.s(1, 1), self.module.add.s(5).set(countdown=4))()
        finally:
            self.module.app.conf.result_expires = None
        self.assertEqual(7, result.get(timeout=60))

    def test_what_a_retry_is_given_is_not_fetched_again(self):
        result = chain(self.module.add.s(1, 1), self.module.again.s(folder=self.place))()
        self.assertTrue(AsyncResult(result.parent.id, app=self.module.app).get(timeout=60) == 2)
        self.until(result.id, lambda job: len(job.attempts) >= 1, "a first attempt")
        self.client.delete(result.parent.id)
        (Path(self.place) / "go").touch()
        self.assertEqual([2, "changed"], result.get(timeout=60))

    def test_a_header_that_says_nothing_does_not_hang_its_body(self):
        result = chord([self.module.add.s(1, 1), self.module.nothing.s()])(self.module.total.s())
        with self.assertRaises(ChordError) as raised:
            result.get(timeout=60)
        self.assertIn(f"Dependency {result.parent[1].id} raised", str(raised.exception))

    def test_results_of_a_group_by_one_list(self):
        result = group(self.module.add.s(number, 1) for number in range(40))()
        self.assertEqual(list(range(1, 41)), result.get(timeout=60))
        self.assertEqual((True, True, False, 40), (result.ready(), result.successful(), result.failed(), result.completed_count()))
        waiting = group(self.module.add.si(1, 1).set(countdown=600) for _ in range(30))()
        waiting.revoke()
        self.assertEqual((True, False, False, 0), (waiting.ready(), waiting.successful(), waiting.failed(), waiting.completed_count()))
        self.assertEqual({"REVOKED"}, {one.state for one in waiting})

    def test_a_countdown_counts_from_the_end_of_what_it_follows(self):
        result = chain(self.module.add.s(1, 1), self.module.add.s(5).set(countdown=1.5))()
        self.assertEqual(7, result.get(timeout=60))
        first, second = self.client.status(result.parent.id), self.client.status(result.id)
        self.assertGreaterEqual((second.finished_at - first.finished_at).total_seconds(), 1.4)

    def test_what_has_expired_after_another_is_revoked(self):
        result = chain(self.module.add.s(1, 1), self.module.add.s(5).set(countdown=1, expires=0.2), self.module.add.s(1))()
        self.assertEqual("TaskRevokedError", type(result.get(timeout=60, propagate=False)).__name__)
        self.assertEqual("REVOKED", result.parent.state)

    def test_errbacks_that_are_canvases(self):
        with self.assertRaises(ValueError):
            self.module.fails.apply_async(link_error=chain(self.module.mark.s(), self.module.mark.s())).get(timeout=60)
        result = self.module.fails.apply_async(link_error=self.module.mark.si())
        job = self.until_followed(result.id)
        self.assertEqual("SUCCESS", self.client.wait(job, 60).state)

    def until_followed(self, id):
        from urllib.parse import urlencode

        from orleansjobs.exchange import Request
        (job,) = self.client.ask(Request("GET", "/jobs?" + urlencode({"after": id}))).json()["jobs"]
        return job["id"]

    def test_where_a_part_is_refused_nothing_of_it_runs(self):
        good, bad = self.module.add.s(1, 1).set(countdown=60), self.module.add.s(1).set(priority=77)
        ids = [unique("part"), unique("part")]
        with self.assertRaises(InvalidRequest):
            chain(good.set(task_id=ids[0]), bad.set(task_id=ids[1]))()
        self.assertEqual("REVOKED", AsyncResult(ids[0], app=self.module.app).state)

    def test_a_canvas_may_be_called_before_any_worker_knows_its_tasks(self):
        app = Celery(unique("early").replace("-", "_"), broker=self.client.url, set_as_current=False)
        self.addCleanup(app.close)
        early = app.task(name=f"{app.main}.early")(lambda *args: None)
        result = chord([early.s(number) for number in range(120)])(early.s())
        self.assertEqual(("PENDING", 0), (result.state, result.parent.completed_count()))
        result.parent.revoke()
        self.assertEqual("FAILURE", self.client.wait(result.id, 60).state)
        self.assertIsInstance(result.result, ChordError)


if __name__ == "__main__":
    unittest.main()
