"""Schedules and deadlines, against a grid."""
import asyncio
import unittest
from datetime import datetime, timedelta, timezone

from orleansjobs import AsyncClient, Client, Conflict, InvalidRequest, JobFailed, ScheduleNotFound, flow_job, ref
from orleansjobs.schedules import _says
from tests.cutter import Cutter
from tests.grid import GridTest, unique

QUICK = {"steps": 2, "stepMs": 5}
NEVER = {"cron": "0 0 1 1 *"}


class ScheduleTests(GridTest):
    def setUp(self):
        self.id = unique("schedule")

    def test_a_schedule_is_made_shown_changed_and_removed(self):
        made = self.client.put_schedule(self.id, "longtask", QUICK, cron="0 3 * * *", zone="Europe/Berlin", tags={"kind": "test"}, timeout=timedelta(minutes=2), if_version="")
        self.addCleanup(lambda: self.client.delete_schedule(self.id))
        self.assertEqual((self.id, "longtask", "0 3 * * *", "Europe/Berlin", False), (made.id, made.type, made.cron, made.zone, made.paused))
        self.assertIn(made.next_at.hour, (1, 2), "three o'clock in Berlin, in UTC")
        self.assertEqual((120, {"kind": "test"}, QUICK), (made.raw["timeout"], made.raw["tags"], made.raw["args"]))
        with self.assertRaises(Conflict):
            self.client.put_schedule(self.id, "longtask", QUICK, every=60, if_version="")
        changed = self.client.put_schedule(self.id, "longtask", QUICK, every=timedelta(hours=1), if_version=made.version)
        self.assertEqual((3600, None), (changed.every, changed.cron))
        with self.assertRaises(Conflict):
            self.client.put_schedule(self.id, "longtask", QUICK, every=60, if_version=made.version)
        self.assertTrue(self.client.pause_schedule(self.id, "not this week").paused)
        self.assertFalse(self.client.resume_schedule(self.id).paused)
        self.assertIn(self.id, [one.id for one in self.client.schedules()])

    def test_occurrences_are_submitted_by_hand(self):
        self.client.put_schedule(self.id, "longtask", QUICK, **NEVER, overlap="all")
        job = self.client.trigger_schedule(self.id)
        self.assertEqual(42, self.client.result(job, timeout=60))
        self.assertIn((job, "trigger"), [(run.job, run.cause) for run in self.client.schedule_runs(self.id)])
        self.assertEqual(self.client.trigger_schedule(self.id, key="once"), self.client.trigger_schedule(self.id, key="once"))
        year = datetime.now(timezone.utc).year
        jobs = self.client.backfill_schedule(self.id, datetime(year - 2, 6, 1, tzinfo=timezone.utc), f"{year}-01-02T00:00:00Z")
        self.assertEqual(2, len(jobs))
        self.client.delete_schedule(self.id)
        with self.assertRaises(ScheduleNotFound):
            self.client.schedule(self.id)
        with self.assertRaises(ScheduleNotFound):
            self.client.delete_schedule(self.id)

    def test_what_is_wrong_is_refused(self):
        for wrong, pointer in (({"cron": "nonsense"}, "/cron"), ({"cron": "* * * * *", "every": 5}, "/every"), ({"cron": "* * * * *", "zone": "Nowhere"}, "/zone")):
            with self.assertRaises(InvalidRequest) as raised:
                self.client.put_schedule(self.id, "longtask", **wrong)
            self.assertEqual(pointer, raised.exception.pointer)

    def test_a_lost_answer_makes_no_second_occurrence(self):
        self.client.put_schedule(self.id, "longtask", QUICK, **NEVER, overlap="all")
        self.addCleanup(lambda: self.client.delete_schedule(self.id))
        cutter = Cutter(lambda number, request: "cut answer" if number == 0 else "pass")
        self.addCleanup(cutter.close)
        with Client(cutter.url) as client:
            job = client.trigger_schedule(self.id)
        self.assertEqual(1, cutter.cuts)
        self.assertEqual([job], [run.job for run in self.client.schedule_runs(self.id)])

    def test_a_schedule_of_a_flow_with_all_that_it_can_say(self):
        flow = {"jobs": [flow_job("a", "longtask", QUICK), flow_job("b", "longtask", QUICK, after=["a"])], "result": ref("b.result")}
        made = self.client.put_schedule(self.id, flow=flow, deadline=timedelta(hours=2), **NEVER)
        self.addCleanup(lambda: self.client.delete_schedule(self.id))
        self.assertEqual((None, 7200, ["a", "b"]), (made.type, made.raw["deadline"], [job["name"] for job in made.raw["flow"]["jobs"]]))
        self.assertIn(self.id, [one.id for one in self.client.schedules()])
        self.assertTrue(self.client.pause_schedule(self.id).paused)
        self.assertEqual(42, self.client.result(self.client.trigger_schedule(self.id), timeout=60))
        keyed = self.client.put_schedule(self.id, "longtask", QUICK, key="tenant/7", weight=2, **NEVER)
        self.assertEqual(("longtask", "tenant/7", 2), (keyed.type, keyed.raw["key"], keyed.raw["weight"]))

    def test_an_edit_whose_answer_was_lost_is_no_conflict(self):
        said = {"tags": {"a": "b"}, "start": "2030-01-01T00:00:00Z", "timeout": 1.5, **NEVER}
        self.addCleanup(lambda: self.client.delete_schedule(self.id))
        version = ""
        for count in (None, 7):
            cutter = Cutter(lambda number, request: "cut answer" if number == 0 else "pass")
            with Client(cutter.url) as client:
                made = client.put_schedule(self.id, "longtask", QUICK, if_version=version, count=count, **said)
            self.assertEqual((1, count), (cutter.cuts, made.raw.get("count")))
            cutter.close()
            version = made.version
        # Somebody else's stays one.
        cutter = Cutter(lambda number, request: "cut request" if number == 0 else "pass")
        self.addCleanup(cutter.close)
        with Client(cutter.url) as client, self.assertRaises(Conflict):
            client.put_schedule(self.id, "longtask", QUICK, if_version="", **said)

    def test_what_an_edit_is_known_again_by(self):
        put = {"type": "t", "every": 60, "notify": ["https://a/", {"url": "https://b/", "on": ["failure", "end"]}], "start": "2030-01-01T00:00:00+01:00"}
        found = {**put, "every": 60.0, "notify": [{"url": "https://a/", "on": ["end"]}, {"url": "https://b/", "on": ["end", "failure"]}], "start": "2029-12-31T23:00:00Z", "version": "7"}
        self.assertTrue(_says(found, put))
        # As an answer tells what goes without saying.
        told = {**found, "args": {}, "tags": {}, "priority": 4, "overlap": "skip", "missed": "one", "queue": "default", "anchor": put["start"], "createdAt": "2029-01-01T00:00:00.5Z"}
        self.assertTrue(_says(told, put))
        for other in (
                {"every": 61}, {"notify": []}, {"count": 3}, {"start": "2030-01-01T00:00:00Z"}, {"type": None, "flow": {"jobs": []}}, {"key": "tenant/7"}, {"zone": "Europe/Berlin"},
                {"jitter": 5}, {"missedAfter": 90}, {"missedWithin": 9000}, {"tags": {"a": "b"}}, {"args": {"a": 1}}, {"overlap": "all"}, {"missed": "none"}, {"priority": 5},
                {"anchor": "2030-01-01T00:00:00Z"}):
            self.assertFalse(_says({**found, **other}, put), other)
            self.assertFalse(_says({**told, **other}, put), other)
        del put["start"], told["start"]
        self.assertTrue(_says({**told, "anchor": "2029-01-01T00:00:00Z"}, put))
        self.assertFalse(_says({**told, "anchor": "2029-01-01T00:00:01Z"}, put))

    def test_what_an_edit_of_a_flow_is_known_again_by(self):
        jobs = [flow_job("a", "t", QUICK), flow_job("b", "t", after=["a", {"job": "a", "on": "end"}], timeout=2, queue="mail")]
        put = {**NEVER, "flow": {"jobs": jobs, "result": ref("b.result")}}
        # What the gateway makes of it: queues and keys as their types say, and nothing that goes without saying.
        told = [{**jobs[0], "queue": "default", "key": "tenant/7", "keyWeight": 2}, {**jobs[1], "timeout": 2.0}]
        found = {**NEVER, "flow": {"jobs": told, "result": ref("b.result")}, "tags": {}, "overlap": "skip", "missed": "one", "version": "7"}
        self.assertTrue(_says(found, put))
        self.assertTrue(_says(found, {**NEVER, "flow": {**put["flow"], "onFailure": "cancel", "jobs": [{**jobs[0], "weight": 1, "tags": {}, "after": []}, jobs[1]]}}))
        for other in ({"result": None}, {"onFailure": "continue"}, {"jobs": told[:1]}, {"jobs": [told[0], {**told[1], "queue": "other"}]}, {"jobs": [told[0], {**told[1], "after": ["a"]}]}, {"jobs": [{**told[0], "args": {}}, told[1]]}):
            self.assertFalse(_says({**found, "flow": {**found["flow"], **other}}, put), other)

    def test_instants_of_a_schedule_that_is_not_there(self):
        found = self.client.next_instants("0 3 * * *", zone="Europe/Berlin", start="2030-01-01T00:00:00Z", count=2)
        self.assertEqual([datetime(2030, 1, 1, 2, tzinfo=timezone.utc), datetime(2030, 1, 2, 2, tzinfo=timezone.utc)], list(found))
        found = self.client.next_instants(every=timedelta(hours=1), anchor="2030-01-01T00:30:00Z", start=datetime(2030, 1, 1, tzinfo=timezone.utc), count=1)
        self.assertEqual([datetime(2030, 1, 1, 0, 30, tzinfo=timezone.utc)], list(found))

    def test_for_asyncio(self):
        async def run():
            async with AsyncClient(self.client.url) as client:
                await client.put_schedule(self.id, "longtask", QUICK, **NEVER)
                job = await client.trigger_schedule(self.id)
                self.assertEqual(42, await client.result(job, timeout=60))
                self.assertIn(self.id, [one.id async for one in client.schedules()])
                self.assertEqual([job], [one.job for one in (await client.schedule(self.id)).runs])
                await client.delete_schedule(self.id)

        asyncio.run(run())


class DeadlineTests(GridTest):
    def test_a_job_that_has_not_ended_by_its_deadline_fails(self):
        for deadline in (1, timedelta(seconds=1), datetime.now(timezone.utc) + timedelta(seconds=2)):
            job = self.client.submit("longtask", {"steps": 600, "stepMs": 1000}, deadline=deadline)
            with self.assertRaises(JobFailed) as raised:
                self.client.result(job.id, timeout=60)
            self.assertEqual("deadline_exceeded", raised.exception.code)


if __name__ == "__main__":
    unittest.main()
