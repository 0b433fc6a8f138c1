"""Schedules and deadlines, against a grid."""
import asyncio
import unittest
from datetime import datetime, timedelta, timezone

from orleansjobs import AsyncClient, Client, Conflict, InvalidRequest, JobFailed, ScheduleNotFound
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
