"""The examples, run as their pages say."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from orleansjobs import JobFailed
from tests.grid import TESTS, GridTest, Program, free_port, redis_server, url

EXAMPLES = TESTS.parent / "examples"


def imports(file):
    return [line for line in (EXAMPLES / file).read_text().splitlines() if line]


class FlaskTests(unittest.TestCase):
    def test_the_difference_is_the_import(self):
        before, after = imports("flask-before/app.py"), imports("flask-after/app.py")
        self.assertEqual(len(before), len(after))
        self.assertEqual(
            [("from celery import Celery", "from orleansjobs.celery import Celery")], [pair for pair in zip(before, after) if pair[0] != pair[1]])

    def test_with_the_grid(self):
        self.follow(str(EXAMPLES / "flask-after"), ["-m", "orleansjobs.celery"], {"ORLEANSJOBS_URL": url()})

    def test_with_celery(self):
        """So that it is known to be a program for Celery. Its Redis is the test's own, hence at another port."""
        with tempfile.TemporaryDirectory() as place, redis_server(place) as port:
            text = (EXAMPLES / "flask-before" / "app.py").read_text()
            (Path(place) / "app.py").write_text(text.replace("localhost:6379", f"127.0.0.1:{port}"))
            self.follow(place, ["-m", "celery"], {"ORLEANSJOBS_URL": ""})

    def follow(self, place, celery, env):
        """Presses the button, and looks at the bar as the page does."""
        port = free_port()
        with Program(*celery, "-A", "app.celery", "worker", "--loglevel=INFO", "-c", "2", env=env, cwd=place) as worker:
            with Program("-m", "flask", "--app", "app", "run", "--port", str(port), env=env, cwd=place) as flask:
                flask.wait_for("Running on")
                at = f"http://127.0.0.1:{port}"
                self.assertIn(b"<button", urllib.request.urlopen(at + "/", timeout=30).read())
                started = urllib.request.urlopen(urllib.request.Request(at + "/longtask/8/0.3", method="POST"), timeout=30)
                self.assertEqual(202, started.status)
                address = at + re.sub("^http://[^/]*", "", started.headers["Location"])
                worker.wait_for("ready.")
                seen = []
                given_up = time.monotonic() + 60
                while not seen or seen[-1]["state"] in ("PENDING", "PROGRESS"):
                    self.assertLess(time.monotonic(), given_up, seen)
                    seen.append(json.load(urllib.request.urlopen(address, timeout=30)))
                    time.sleep(0.05)
                self.assertEqual({"state": "SUCCESS", "current": 100, "total": 100, "status": "Task completed!", "result": 42}, seen[-1])
                # The application asks for the state and then again, and the task may start or end in between.
                moving = [one for one in seen if one["state"] == "PROGRESS" and one["status"] != "Pending..." and "result" not in one]
                steps = [one["current"] for one in moving]
                self.assertGreaterEqual(len(set(steps)), 4, seen)
                self.assertEqual(sorted(steps), steps)
                self.assertTrue(all(one["total"] == 8 and one["status"].endswith("...") for one in moving))

    def test_a_redis_address_alone_is_refused_with_what_to_write(self):
        done = subprocess.run(
            [sys.executable, "-c", "import app"], cwd=str(EXAMPLES / "flask-after"), env={**os.environ, "ORLEANSJOBS_URL": ""}, capture_output=True, text=True)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("broker_url is a redis URL, and there is no redis here: write the grid's address instead", done.stderr)
        self.assertIn("ORLEANSJOBS_URL, which wins", done.stderr)


class CanvasTests(GridTest):
    def test_report(self):
        env = {"ORLEANSJOBS_URL": url()}
        with Program("-m", "orleansjobs.celery", "-A", "report", "worker", "-c", "2", env=env, cwd=str(EXAMPLES / "canvas")), tempfile.TemporaryDirectory() as place:
            (Path(place) / "text").write_text("to be or not to be\nthat is the question\n")
            with Program("report.py", str(Path(place) / "text"), env=env, cwd=str(EXAMPLES / "canvas")) as program:
                self.assertEqual(0, program.wait(), program.output)
                self.assertEqual("2 lines, 10 words, to: 2, be: 2, or: 1", program.output)
        self.assertEqual("0 6 * * 1,2,3,4,5", self.client.schedule("celery.report.report-every-morning").cron)
        self.client.delete_schedule("celery.report.report-every-morning")


class WorkerTests(GridTest):
    def test_pictures(self):
        with Program("-m", "orleansjobs", "worker", "pictures:worker", "--processes", "2", env={"ORLEANSJOBS_URL": url()}, cwd=str(EXAMPLES / "worker")) as program:
            program.wait_for("Serving picture.fetch, picture.resize")
            job = self.client.submit("picture.resize", {"pages": 3})
            self.assertEqual("pictures", job.queue)
            self.assertEqual({"pages": 3, "from": 0}, self.client.result(job.id, timeout=60))
            self.assertEqual({"bytes": 1234}, self.client.result(self.client.submit("picture.fetch", {"busy": True}).id, timeout=60))
            with self.assertRaises(JobFailed):
                self.client.result(self.client.submit("picture.fetch", {"gone": True}).id, timeout=60)


if __name__ == "__main__":
    unittest.main()
