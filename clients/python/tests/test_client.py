"""The clients against a grid: everything once, and what a wire that breaks may not do."""
import asyncio
import ast
import os
import threading
import unittest
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import orleansjobs
from orleansjobs import (
    AsyncClient, Client, Conflict, InvalidRequest, JobCancelled, JobFailed, JobNotFound, NotEnded, Problem, Unreachable, submission)
from tests.cutter import Cutter
from tests.grid import GridTest, unique, url

QUICK = {"steps": 2, "stepMs": 5}


class ClientTests(GridTest):
    def test_submit_follow_and_result(self):
        job = self.client.submit("longtask", {"steps": 5, "stepMs": 30}, tags={"a": "b"}, priority=7, queue="py")
        self.assertEqual(("longtask", "py", 7, {"a": "b"}), (job.type, job.queue, job.priority, job.tags))
        self.assertTrue(job.watch_token)
        seen = list(self.client.watch(job.id))
        self.assertEqual("SUCCESS", seen[-1].state)
        self.assertEqual(sorted({one.version for one in seen}), [one.version for one in seen])
        self.assertEqual(42, self.client.result(job.id))
        done = self.client.status(job.id)
        self.assertTrue(done.ended and done.has_result and done.percent == 100)
        self.assertLessEqual(done.submitted_at, done.finished_at)
        self.assertEqual(["succeeded"], [attempt.outcome for attempt in done.attempts])
        self.assertEqual(["SUCCESS"], [one.state for one in self.client.watch(job.id)], "of one that has ended, that is told")

    def test_a_key_is_said_and_the_id_is_the_grids(self):
        key = f"py/{unique('k')}"
        job = self.client.submit("longtask", QUICK, key=key, weight=2, wait=20)
        self.assertEqual(("SUCCESS", key), (job.state, job.raw["key"]))
        first = self.client.submit("longtask", QUICK, countdown=3600, unique={"value": key})
        self.assertEqual(first.id, self.client.submit("longtask", QUICK, countdown=3600, unique={"value": key}).id)
        self.client.cancel(first.id)
        with self.assertRaises(InvalidRequest):
            self.client.submit("longtask", QUICK, key=key, id="mine")

    def test_submit_and_wait_in_one(self):
        self.assertEqual(42, self.client.submit("longtask", QUICK, wait=20).result)

    def test_wait(self):
        job = self.client.submit("longtask", QUICK, countdown=timedelta(hours=1))
        self.assertEqual("scheduled", job.phase)
        with self.assertRaises(NotEnded) as raised:
            self.client.wait(job.id, timeout=0.2)
        self.assertEqual(job.id, raised.exception.job.id)
        with self.assertRaises(TimeoutError):
            self.client.result(job.id)
        threading.Timer(0.3, lambda: self.client.cancel(job.id, "enough")).start()
        self.assertEqual("REVOKED", self.client.wait(job.id, timeout=30).state)
        with self.assertRaises(JobCancelled):
            self.client.result(job.id)

    def test_cancel_retry_delete(self):
        job = self.client.submit("longtask", QUICK, eta=datetime.now(timezone.utc) + timedelta(hours=1))
        self.assertEqual("REVOKED", self.client.cancel(job.id, "not needed").state)
        self.assertEqual("REVOKED", self.client.cancel(job.id).state, "asking twice is no mistake")
        again = self.client.retry(job.id, "needed after all")
        self.assertEqual(["cancelled", "retried"], [change["what"] for change in again.raw["changes"]])
        self.assertEqual(42, self.client.result(job.id, timeout=30))
        with self.assertRaises(Conflict) as raised:
            self.client.retry(job.id)
        self.assertEqual("wrong-state", raised.exception.code)
        self.client.delete(job.id, "done with it")
        with self.assertRaises(JobNotFound) as gone:
            self.client.status(job.id)
        self.assertEqual("job-not-found", gone.exception.code)
        with self.assertRaises(JobNotFound):
            list(self.client.watch(job.id))

    def test_failure(self):
        job = self.client.submit("longtask", {"steps": 0})
        with self.assertRaises(JobFailed) as raised:
            self.client.result(job.id, timeout=30)
        self.assertEqual(("error", "steps is 1 to 10000; it is 0."), (raised.exception.code, str(raised.exception)))

    def test_problems(self):
        for kind, code, pointer, body in (
                (InvalidRequest, "unknown-type", "/type", {"type": "no-such-type"}),
                (InvalidRequest, "invalid-args", "/args/steps", {"type": "longtask", "args": {"steps": "x"}}),
                (InvalidRequest, "invalid-member", "/priority", {"type": "longtask", "priority": 10}),
                (InvalidRequest, "invalid-member", "/id", {"type": "longtask", "id": "../etc"})):
            with self.assertRaises(kind) as raised:
                self.client.submit(**body)
            self.assertEqual((code, pointer), (raised.exception.code, raised.exception.pointer))
        taken = self.client.submit("longtask", QUICK)
        with self.assertRaises(Conflict) as raised:
            self.client.submit("longtask", {"steps": 3}, id=taken.id)
        self.assertEqual("id-taken", raised.exception.code)
        with self.assertRaises(ValueError):
            self.client.submit("longtask", eta=datetime(2030, 1, 1))

    def test_batch(self):
        items = [submission("longtask", QUICK) for _ in range(1200)] + [{"type": "longtask", "args": QUICK}, submission("no-such-type")]
        found = self.client.batch(items)
        self.assertEqual([item["id"] for item in items[:1200]], [job.id for job in found[:1200]])
        self.assertEqual("longtask", found[1200].type)
        self.assertIsInstance(found[1201], Problem)
        again = self.client.batch(items[:3])
        self.assertEqual([item["id"] for item in items[:3]], [job.id for job in again], "a repeat finds the same jobs")

    def test_list(self):
        tag = uuid.uuid4().hex
        ids = {self.client.submit("longtask", QUICK, tags={"run": tag}).id for _ in range(7)}
        self.assertEqual(ids, {job.id for job in self.client.list(type="longtask", tags={"run": tag}, page_size=2)})
        self.assertEqual([], list(self.client.list(tags={"run": tag}, submitted_after=datetime.now(timezone.utc) + timedelta(hours=1))))

    def test_watch_many(self):
        jobs = [self.client.submit("longtask", {"steps": 3, "stepMs": 40}) for _ in range(4)]
        last = {}
        for job in self.client.watch(*(job.id for job in jobs)):
            last[job.id] = job.state
        self.assertEqual({job.id: "SUCCESS" for job in jobs}, last)

    def test_addresses(self):
        for bad in ("redis://localhost", "localhost:8080", "http://user:secret@localhost", "http://localhost/?x=1"):
            with self.assertRaises(ValueError):
                Client(bad)
        with self.assertRaises(Unreachable):
            Client("http://127.0.0.1:1", patience=0.3).status("a")

    def test_threads_and_forks_share_nothing(self):
        job = self.client.submit("longtask", QUICK, wait=20)
        child = os.fork()
        if child == 0:
            os._exit(0 if self.client.result(job.id) == 42 else 1)
        self.assertEqual(0, os.waitpid(child, 0)[1])
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.client.result(job.id))) for _ in range(20)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        self.assertEqual([42] * 20, results)


class BrokenWireTests(GridTest):
    """Through something that cuts connections."""

    def cutter(self, plan):
        cutter = Cutter(plan)
        self.addCleanup(cutter.close)
        client = Client(cutter.url)
        self.addCleanup(client.close)
        return cutter, client

    def test_a_lost_answer_makes_no_second_job(self):
        tag = uuid.uuid4().hex
        cutter, client = self.cutter(lambda number, request: ("cut answer", "cut answer", "cut request", "pass")[number])
        job = client.submit("longtask", QUICK, tags={"run": tag})
        self.assertEqual(3, cutter.cuts)
        self.assertEqual([job.id], [found.id for found in self.client.list(tags={"run": tag})])

    def test_a_lost_answer_to_a_batch_makes_no_second_jobs(self):
        tag = uuid.uuid4().hex
        cutter, client = self.cutter(lambda number, request: "cut answer" if number % 2 == 0 else "pass")
        found = client.batch([submission("longtask", QUICK, tags={"run": tag}) for _ in range(20)])
        self.assertEqual(1, cutter.cuts)
        self.assertEqual({job.id for job in found}, {job.id for job in self.client.list(tags={"run": tag})})

    def test_retry_and_delete_whose_answer_is_lost(self):
        cutter, client = self.cutter(lambda number, request: "cut answer" if number in (0, 3) else "pass")
        job = self.client.submit("longtask", QUICK, countdown=3600)
        self.client.cancel(job.id)
        self.assertEqual(job.id, client.retry(job.id).id)
        self.assertEqual(["cancelled", "retried"], [change["what"] for change in self.client.wait(job.id, 30).raw["changes"]])
        client.delete(job.id)
        self.assertEqual(2, cutter.cuts)

    def test_events_are_taken_up_where_they_broke(self):
        asked = []

        def plan(number, request):
            asked.append(b"last-event-id" in request.lower())
            return "cut stream 2" if number < 2 else "stream"

        cutter, client = self.cutter(plan)
        job = self.client.submit("longtask", {"steps": 12, "stepMs": 150})
        seen = list(client.watch(job.id))
        self.assertEqual([False, True, True], asked)
        self.assertEqual("SUCCESS", seen[-1].state)
        self.assertEqual(sorted({one.version for one in seen}), [one.version for one in seen], "nothing twice, nothing backwards")

    def test_asyncio_through_the_same_cuts(self):
        tag = uuid.uuid4().hex
        cutter = Cutter(lambda number, request: ("cut answer", "cut request", "pass", "cut stream 1", "stream")[number])
        self.addCleanup(cutter.close)

        async def run():
            async with AsyncClient(cutter.url) as client:
                job = await client.submit("longtask", {"steps": 4, "stepMs": 150}, tags={"run": tag})
                return [job.id], [one.state async for one in client.watch(job.id)][-1]

        ids, state = asyncio.run(run())
        self.assertEqual(ids, [found.id for found in self.client.list(tags={"run": tag})])
        self.assertEqual(("SUCCESS", 3), (state, cutter.cuts))


class AsyncTests(unittest.TestCase):
    def test_all_of_it(self):
        async def run():
            async with AsyncClient(url()) as client:
                jobs = await asyncio.gather(*(client.submit("longtask", QUICK) for _ in range(30)))
                self.assertEqual([42] * 30, await asyncio.gather(*(client.result(job.id, timeout=30) for job in jobs)))
                seen = [job async for job in client.watch(*(job.id for job in jobs[:5]))]
                self.assertEqual({job.id for job in jobs[:5]}, {job.id for job in seen})
                late = await client.submit("longtask", QUICK, countdown=3600, tags={"run": unique("r")})
                self.assertEqual([late.id], [job.id async for job in client.list(tags=late.tags)])
                with self.assertRaises(NotEnded):
                    await client.wait(late.id, timeout=0.2)
                self.assertEqual("REVOKED", (await client.cancel(late.id)).state)
                await client.retry(late.id)
                self.assertEqual("SUCCESS", (await client.wait(late.id, 30)).state)
                await client.delete(late.id)
                with self.assertRaises(JobNotFound):
                    await client.status(late.id)
                found = await client.batch([{"type": "longtask", "args": QUICK}, submission("no-such-type")])
                self.assertEqual("unknown-type", found[1].code)
                with self.assertRaises(InvalidRequest):
                    await client.submit("no-such-type")

        asyncio.run(run())

    def test_no_gateway(self):
        async def run():
            async with AsyncClient("http://127.0.0.1:1", patience=0.3) as client:
                with self.assertRaises(Unreachable):
                    await client.status("a")
                with self.assertRaises(Unreachable):
                    async for _ in client.watch("a"):
                        pass

        asyncio.run(run())


class PackageTests(unittest.TestCase):
    SOURCES = Path(orleansjobs.__file__).parent

    def test_is_python_39(self):
        files = list(self.SOURCES.rglob("*.py"))
        self.assertGreater(len(files), 30)
        for file in files:
            ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 9))

    def test_is_marked_as_typed(self):
        self.assertTrue((self.SOURCES / "py.typed").exists())

    def test_all_names_are_there(self):
        for name in orleansjobs.__all__:
            self.assertTrue(hasattr(orleansjobs, name), name)


if __name__ == "__main__":
    unittest.main()
