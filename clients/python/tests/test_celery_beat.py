"""Periodic tasks: crontabs beside Celery's own, and the schedules that they become."""
import json
import os
import signal
import subprocess
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from orleansjobs.celery import Celery
from orleansjobs.celery.beat.crontab import ParseException
from orleansjobs.celery.beat.entries import schedules_of, zone_of
from orleansjobs.celery.beat.putting import put_all
from orleansjobs.celery.exceptions import ImproperlyConfigured, NotInThisGrid
from orleansjobs.celery.schedules import crontab, schedule
from orleansjobs.exchange import Request
from tests.grid import TESTS, GridTest, Program, folder_with, unique, url

CRONTABS = [
    {}, {"minute": "*/15"}, {"minute": 0}, {"minute": 0, "hour": 0}, {"minute": 0, "hour": "*/3"}, {"minute": 0, "hour": "0,3,6,9,12,15,18,21"},
    {"day_of_week": "sunday"}, {"minute": "*/10", "hour": "3,17,22", "day_of_week": "thu,fri"}, {"minute": 0, "hour": "*/2,*/3"}, {"minute": 0, "hour": "*/5"},
    {"minute": 0, "hour": "*/3,8-17"}, {"minute": 0, "hour": 0, "day_of_month": 2}, {"minute": 0, "hour": 0, "day_of_month": "2-30/2"},
    {"minute": 0, "hour": 0, "day_of_month": "1-7,15-21"}, {"minute": 0, "hour": 0, "day_of_month": 11, "month_of_year": 5},
    {"minute": 0, "hour": 0, "month_of_year": "*/3", "day_of_month": 1}, {"minute": 30, "hour": 7, "day_of_week": 1}, {"minute": 30, "hour": 7, "day_of_week": "mon-fri"},
    {"minute": 5, "hour": [1, 13]}, {"minute": [0, 20, 40], "hour": 6}, {"minute": "1-10/3", "hour": 4}, {"minute": 0, "hour": "22-2"}, {"minute": 0, "hour": 12, "day_of_week": "fri-mon"},
    {"minute": 0, "hour": 8, "day_of_week": "sat,sun"}, {"minute": 0, "hour": 0, "day_of_month": 13, "day_of_week": "fri"}, {"minute": "59", "hour": "23", "day_of_month": "31"},
    {"minute": "7", "hour": "*"}, {"minute": "*/7"}, {"minute": 0, "hour": 0, "day_of_month": 30}, {"minute": 0, "hour": 9, "day_of_week": [1, 3, 5]},
    {"minute": 15, "hour": 10, "month_of_year": "6-8"}, {"minute": "0-59/20", "hour": "9-17/4", "day_of_week": "0,6"},
]

APP = '''
from datetime import timedelta
from pathlib import Path
from orleansjobs.celery import Celery
from orleansjobs.celery.schedules import crontab
app = Celery("{name}")

@app.task(name="{name}.tick")
def tick(name):
    with open(Path({folder!r}) / name, "a") as file:
        file.write("tick\\n")

app.conf.beat_schedule = {{
    "every second": {{"task": "{name}.tick", "schedule": 1.0, "args": ("second",), "options": {{"priority": 7}}}},
    "nightly": {{"task": "{name}.tick", "schedule": crontab(minute=0, hour=3), "kwargs": {{"name": "night"}}}},
}}

@app.on_after_configure.connect
def more(sender, **_):
    sender.add_periodic_task(timedelta(hours=1), tick.s("hour"), name="hourly")
'''


class CrontabTable(GridTest):
    def theirs(self, zone, start):
        asked = json.dumps({"crontabs": CRONTABS, "from": start.isoformat(), "zone": zone, "count": 10})
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(["/usr/bin/python3", str(TESTS / "celery_face" / "crontabs.py")], input=asked, capture_output=True, text=True, timeout=120, env=env)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def ours(self, fields, zone, start):
        said = dict(crontab(**fields).said(zone), start=start.isoformat(), count=10)
        # The instant itself is none of them for Celery.
        said["start"] = (start + timedelta(seconds=1)).isoformat()
        answer = self.client.ask(Request("GET", "/schedules/next?" + urlencode(said))).json()
        return [datetime.fromisoformat(one.replace("Z", "+00:00")).isoformat() for one in answer["next"]]

    def test_next_ten_instants(self):
        year = datetime.now(timezone.utc).year + 1
        for zone, start in (("UTC", datetime(year, 1, 1, tzinfo=timezone.utc)), ("Asia/Tokyo", datetime(year, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")))):
            for fields, expected in zip(CRONTABS, self.theirs(zone, start)):
                with self.subTest(zone=zone, **fields):
                    self.assertEqual(expected, self.ours(fields, zone, start))


class CrontabTests(unittest.TestCase):
    def test_as_the_grid_has_it(self):
        for fields, cron in (
                ({}, "* * * * *"), ({"minute": "*/15"}, "*/15 * * * *"), ({"minute": "0,15,30,45"}, "*/15 * * * *"), ({"day_of_week": "mon-fri"}, "* * * * 1,2,3,4,5"),
                ({"minute": 0, "hour": [8, 12], "month_of_year": "jan,december"}, "0 8,12 * 1,12 *"), ({"hour": "22-1"}, "* 0,1,22,23 * * *"), ({"day_of_month": "*/2"}, "* * */2 * *")):
            self.assertEqual({"cron": cron, "zone": "UTC"}, crontab(**fields).said("UTC"))

    def test_what_is_no_crontab(self):
        for bad in ({"minute": 60}, {"hour": "24"}, {"day_of_month": 0}, {"day_of_week": "someday"}, {"day_of_week": 7}, {"minute": "*/0"}, {"minute": "a"}, {"minute": ""}, {"minute": "1,,2"}):
            with self.assertRaises((ValueError, ParseException)):
                crontab(**bad)
        with self.assertRaises(TypeError):
            crontab(minute=1.5)

    def test_equal_and_shown(self):
        self.assertEqual(crontab(minute="0,30"), crontab(minute="*/30"))
        self.assertNotEqual(crontab(minute=0), crontab(minute=1))
        self.assertEqual("<crontab: 0 4 * * mon (m/h/dM/MY/d)>", repr(crontab(minute=0, hour=4, day_of_week="mon")))
        self.assertEqual(schedule(10), schedule(timedelta(seconds=10)))


class EntryTests(unittest.TestCase):
    def setUp(self):
        self.app = Celery("entries", broker="http://localhost:1", set_as_current=False)
        self.add = self.app.task(name="add", priority=3)(lambda x, y: x + y)

    def body(self, **entry):
        self.app.conf.beat_schedule = {"one": {"task": "add", "schedule": 10, **entry}}
        (_, body), = schedules_of(self.app)
        return body

    def test_what_is_put(self):
        self.app.conf.timezone = "Europe/Berlin"
        self.assertEqual(
            {"type": "add", "queue": "q", "priority": 3, "attempts": 100, "cron": "0 3 * * *", "zone": "Europe/Berlin", "overlap": "all", "missed": "one",
             "args": {"args": [1], "kwargs": {"y": 2}, "expires": 30.0}, "tags": {"celery.beat": "entries"}},
            self.body(schedule=crontab(minute=0, hour=3), args=(1,), kwargs={"y": 2}, options={"queue": "q", "expires": 30}))
        self.assertEqual(10, self.body()["every"])
        self.assertEqual(90, self.body(schedule=timedelta(minutes=1, seconds=30))["every"])
        self.assertEqual("1970-01-01T00:00:00Z", self.body(relative=True)["anchor"])

    def test_ids_are_of_the_application_and_the_name(self):
        self.app.conf.beat_schedule = {name: {"task": "add", "schedule": 10} for name in ("plain", "with spaces", "with-spaces")}
        ids = [id for id, _ in schedules_of(self.app)]
        self.assertEqual(3, len(set(ids)))
        self.assertIn("celery.entries.plain", ids)
        self.assertIn("celery.entries.with-spaces", ids)

    def test_what_is_refused(self):
        for words, entry in (
                ("a canvas as the periodic task 'one'", {"task": "celery.chain"}), ("the option link of the periodic task", {"options": {"link": self.add.s(1)}}),
                ("the option eta", {"options": {"eta": "2030-01-01T00:00:00Z"}}), ("'extra' of the periodic task", {"extra": 1})):
            with self.assertRaises(NotInThisGrid) as raised:
                self.body(**entry)
            self.assertIn(words, str(raised.exception))
        for bad in ({"schedule": 0.5}, {"schedule": "daily"}):
            with self.assertRaises(ImproperlyConfigured):
                self.body(**bad)
        with self.assertRaises(ImproperlyConfigured):
            self.app.conf.beat_schedule = [1]

    def test_time_zones(self):
        self.assertEqual("UTC", zone_of(self.app))
        self.app.conf.timezone = ZoneInfo("Asia/Tokyo")
        self.assertEqual("Asia/Tokyo", zone_of(self.app))
        self.app.conf.update(timezone=None, enable_utc=False)
        with mock.patch.dict(os.environ, {"TZ": "Europe/Paris"}):
            self.assertEqual("Europe/Paris", zone_of(self.app))


class GridTests(GridTest):
    def setUp(self):
        self.name = unique("beat").replace("-", "_")
        self.place = folder_with(APP, self.name, self.addCleanup)
        self.addCleanup(self.clear)

    def clear(self):
        for id in self.mine():
            self.client.delete_schedule(id)

    def mine(self):
        return {found.id: found for found in self.client.schedules() if found.id.startswith(f"celery.{self.name}")}

    def test_a_worker_puts_them_and_runs_them(self):
        program = Program("-m", "orleansjobs.celery", "-A", self.name, "worker", "-P", "solo", "-l", "INFO", "-B", cwd=self.place)
        self.addCleanup(program.__exit__)
        program.wait_for("3 periodic tasks are schedules of the grid")
        program.wait_for("succeeded")
        found = self.mine()
        self.assertEqual(3, len(found))
        self.assertEqual("0 3 * * *", found[f"celery.{self.name}.nightly"].cron)
        self.assertEqual(3600, found[f"celery.{self.name}.hourly"].every)
        self.assertIn("tick", (Path(self.place) / "second").read_text())

    def test_beat_puts_them_and_stays(self):
        program = Program("-m", "orleansjobs.celery", "-A", self.name, "beat", "-l", "INFO", cwd=self.place)
        self.addCleanup(program.__exit__)
        program.wait_for("the grid has 3 schedules of this application")
        program.wait_for("nightly")
        program.signal(signal.SIGTERM)
        self.assertEqual(0, program.wait(), program.output)
        once = Program("-m", "orleansjobs.celery", "-A", self.name, "beat", "--once", cwd=self.place)
        self.addCleanup(once.__exit__)
        self.assertEqual(0, once.wait(), once.output)

    def test_what_the_code_drops_is_taken_away_and_nobody_elses(self):
        app = Celery(self.name, broker=url(), set_as_current=False)
        other = Celery(self.name + "x", broker=url(), set_as_current=False)
        self.addCleanup(app.close)
        self.addCleanup(other.close)
        for one in (app, other):
            one.task(name=f"{one.main}.tick")(lambda: None)
            one.conf.beat_schedule = {name: {"task": f"{one.main}.tick", "schedule": 3600} for name in ("a", "b")}
            put_all(one)
        before = self.mine()
        self.assertEqual(4, len(before))
        put_all(app)
        self.assertEqual({id: found.version for id, found in before.items()}, {id: found.version for id, found in self.mine().items()}, "the same again changes nothing")
        app.conf.beat_schedule = {"b": {"task": f"{app.main}.tick", "schedule": 60}}
        put_all(app)
        after = self.mine()
        self.assertEqual({f"celery.{self.name}.b", f"celery.{self.name}x.a", f"celery.{self.name}x.b"}, set(after))
        self.assertEqual(60, after[f"celery.{self.name}.b"].every)


if __name__ == "__main__":
    unittest.main()
