"""What the face of Celery has of its own: what it refuses and with which words, and how it lives with the grid."""
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

from orleansjobs import Client
from orleansjobs import celery as face
from orleansjobs.celery import Celery
from orleansjobs.celery.calling import expiry_of, queue_of, retention_of, when_of
from orleansjobs.celery.context import Context
from orleansjobs.celery.encoding import exception_from
from orleansjobs.celery.exceptions import ImproperlyConfigured, NotInThisGrid, Retry, TaskRevokedError
from orleansjobs.celery.__main__ import parser
from orleansjobs.celery.limits import RateLimits, rate
from orleansjobs.celery.processdeath import process_died
from orleansjobs.celery.reading import read
from orleansjobs.celery.registering import checker
from orleansjobs.celery.result import AsyncResult, GroupResult
from orleansjobs.celery.retrying import backoff
from orleansjobs.celery.running import HOSTNAME, _retry, hostname
from orleansjobs.celery.schedules import crontab, solar
from orleansjobs.job import Job
from orleansjobs.worker.session import Lease
from tests.grid import TESTS, GridTest, Program, folder_with, imported, unique, url
from tests.test_exchange import RepeatTests

APP = '''
import os, time
from pathlib import Path
from orleansjobs.celery import Celery
from orleansjobs.celery.signals import worker_process_init
app = Celery("{name}")
FOLDER = Path({folder!r})

@app.task(name="{name}.add")
def add(x, y):
    """Adds two numbers.

    Not more."""
    return x + y

@app.task(name="{name}.pid")
def pid():
    return os.getpid()

if __import__("multiprocessing").parent_process() is not None:
    time.sleep(1.2)  # as large programs take their time to be imported

@app.task(name="{name}.hangs", time_limit=1)
def hangs():
    time.sleep(600)

@app.task(name="{name}.limited", time_limit=1)
def limited():
    return "in time"

@app.task(name="{name}.seldom", rate_limit="1/m")
def seldom():
    return 1

@app.task(name="{name}.fails")
def fails():
    raise LookupError("at fault")

db = None

@worker_process_init.connect
def opens(**_):
    global db
    db = "open"

@app.task(name="{name}.opened", bind=True)
def opened(self):
    return [db, self.request.hostname]

@app.task(name="{name}.waits", bind=True, acks_late=True)
def waits(self, hold):
    with open(FOLDER / "runs", "a") as file:
        file.write(f"{{self.request.id}} {{self.request.retries}}\\n")
    self.update_state(state="RUNS", meta={{"current": 3, "total": 7, "status": "on it"}})
    while not (FOLDER / hold).exists():
        time.sleep(0.01)
    return "waited"
'''


DJANGO = {
    "django/__init__.py": "def setup():\n    from . import apps\n    apps.ready = True\n",
    "django/apps.py": """
ready = False
class Config:
    name = "shop_orders"
class apps:
    @staticmethod
    def get_app_configs():
        assert ready
        return [Config]
""",
    "shop/__init__.py": "from orleansjobs.celery import Celery\napp = Celery('shop', broker='http://localhost:1')\napp.autodiscover_tasks()\n",
    "shop_orders/__init__.py": "",
    "shop_orders/tasks.py": "from orleansjobs.celery import shared_task\n@shared_task(name='shop_orders.pay')\ndef pay():\n    pass\n",
}


class RefusalTests(unittest.TestCase):
    def setUp(self):
        self.app = Celery("refusals", broker="http://localhost:1", set_as_current=False)
        self.add = self.app.task(name="add")(lambda x, y: x + y)

    def refused(self, words, call):
        with self.assertRaises(NotInThisGrid) as raised:
            call()
        self.assertIn(words, str(raised.exception))

    def test_what_is_not_here(self):
        for name, call in (
                ("app.control.inspect", lambda: self.app.control.inspect()), ("app.control.broadcast", lambda: self.app.control.broadcast("x")),
                ("routing_key", lambda: self.add.apply_async((1, 2), routing_key="x")), ("Celery.connection", lambda: self.app.connection()),
                ("retry(link=...)", lambda: self.add.retry(link=self.add.s(1))), ("Task.replace", lambda: self.add.replace(self.add.s(1))), ("Task.add_to_chord", lambda: self.add.add_to_chord(self.add.s(1))),
                ("solar", lambda: solar("sunset", 1, 2)), ("AsyncResult.graph", lambda: self.app.AsyncResult("x").graph), ("crontab.is_due", lambda: crontab().is_due(None)),
                ("the option chord", lambda: self.add.apply_async((1, 2), chord=self.add.s(1))), ("GroupResult.save", lambda: GroupResult("x").save()),
                ("AsyncResult.then", lambda: self.app.AsyncResult("x").then(print)), ("GroupResult.restore", lambda: GroupResult.restore("x")),
                ("the signal task_received", lambda: importlib.import_module("orleansjobs.celery.signals").task_received)):
            self.refused(f"{name} is not in the Celery face of OrleansJobs", call)

    def test_other_brokers_are_refused_with_what_to_write(self):
        with mock.patch.dict(os.environ, {"ORLEANSJOBS_URL": ""}):
            for bad in ("redis://localhost:6379/0", "amqp://guest@localhost//", "sqs://"):
                for name, call in (
                        ("broker_url", lambda: Celery("x", broker=bad, set_as_current=False)), ("result_backend", lambda: Celery("x", backend=bad, set_as_current=False)),
                        ("broker_url", lambda: self.app.conf.update(broker_url=bad))):
                    with self.assertRaises(ImproperlyConfigured) as raised:
                        call()
                    self.assertIn(f"{name}='http://localhost:8080', or set ORLEANSJOBS_URL, which wins", str(raised.exception))
            self.assertEqual("http://localhost:1", self.app.url())
        with mock.patch.dict(os.environ, {"ORLEANSJOBS_URL": "http://grid:1"}):
            self.assertEqual("http://grid:1", Celery("x", broker="redis://localhost", set_as_current=False).url())

    def test_settings_and_options_that_would_change_something_are_refused_by_name(self):
        for name, value in (
                ("worker_max_memory_per_child", 10000), ("task_acks_on_failure_or_timeout", False), ("task_inherit_parent_priority", True), ("worker_direct", True)):
            self.refused(name, lambda name=name, value=value: self.app.conf.update({name: value}))
        self.app.conf.update(task_acks_on_failure_or_timeout=True, worker_max_memory_per_child=None, task_store_errors_even_if_ignored=True)
        request = Context(id="a", args=(1, 2), kwargs={}, called_directly=False)
        for name in ("queue", "priority", "expires", "time_limit"):
            self.add.push_request(request)
            try:
                self.refused(f"retry({name}=...)", lambda name=name: self.add.retry(**{name: 1}))
            finally:
                self.add.pop_request()

    def test_what_is_not_here_can_be_felt_for(self):
        found = importlib.import_module("orleansjobs.celery.signals")
        for thing, name in ((self.app, "loader"), (self.app.control, "inspect"), (found, "task_received")):
            self.assertFalse(hasattr(thing, name))
            self.assertIsNone(getattr(thing, name, None))

    def test_pickle_and_names_that_are_none(self):
        with self.assertRaises(ImproperlyConfigured):
            self.app.conf.task_serializer = "pickle"
        for bad in ("spaced name", "x" * 65, "ä"):
            with self.assertRaises(ValueError):
                self.app.task(name=bad)(lambda: None)

    def test_command_line(self):
        for arguments, code, words in (
                (("-A", "x", "beat"), 2, "no Celery application at x"), (("-A", "x", "inspect", "active"), 2, "celery inspect is not in the Celery face"),
                (("worker",), 2, "name the application"), (("-A", "no_such_module", "worker"), 2, "no Celery application at no_such_module"),
                (("-A", "json", "worker"), 2, "no Celery application"),
                (("-A", "app", "worker", "-P", "gevent"), 1, "the pool gevent is not in")):
            with tempfile.TemporaryDirectory() as place:
                (Path(place) / "app.py").write_text(APP.format(name="cli", folder=place))
                done = subprocess.run([sys.executable, "-m", "orleansjobs.celery", *arguments], cwd=place, capture_output=True, text=True, timeout=60)
            self.assertEqual((code, True), (done.returncode, words in done.stderr), done.stderr)


    def test_signals_that_would_end_a_task_softly(self):
        for signal_name in ("SIGUSR1", signal.SIGUSR1, "SIGINT"):
            self.refused("revoke(signal=", lambda: self.app.control.revoke("x", terminate=True, signal=signal_name))
            self.refused("revoke(signal=", lambda: self.app.control.terminate("x", signal=signal_name))
        with mock.patch.object(Client, "cancel") as cancel:
            for signal_name in (None, "SIGTERM", "SIGKILL", "TERM", signal.SIGKILL):
                self.app.control.revoke("x", terminate=True, signal=signal_name)
        self.assertEqual(5, cancel.call_count)

    def test_options_of_the_worker(self):
        options = parser().parse_args([
            "-A", "x", "worker", "-f", "a.log", "--pidfile", "a.pid", "--autoscale", "7,2", "-I", "a,b", "--prefetch-multiplier", "4", "-B", "-s", "s.db", "-q", "--no-color",
            "--heartbeat-interval", "5", "--statedb", "x"])
        self.assertEqual(("a.log", "a.pid", 7, "a,b"), (options.logfile, options.pidfile, options.autoscale, options.include))
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / "app.py").write_text(APP.format(name="cli", folder=place))
            done = subprocess.run([sys.executable, "-m", "orleansjobs.celery", "-A", "app", "worker", "-D"], cwd=place, capture_output=True, text=True, timeout=60)
        self.assertEqual((1, True), (done.returncode, "--detach is not in" in done.stderr), done.stderr)

    def test_what_django_has_installed_is_found(self):
        for line in ("", "DJANGO_SETTINGS_MODULE=shop.settings"):
            with tempfile.TemporaryDirectory() as place, mock.patch.dict(os.environ, dict([line.split("=")] if line else [])):
                for file, text in DJANGO.items():
                    (Path(place) / file).parent.mkdir(exist_ok=True)
                    (Path(place) / file).write_text(text)
                code = "from shop import app; print(sorted(name for name in app.definitions() if 'celery.' not in name))"
                done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, timeout=60)
            self.assertIn("['shop_orders.pay']" if line else "autodiscover_tasks() without packages is not in", done.stdout + done.stderr)

    def test_a_death_by_a_signal_without_a_name(self):
        report = process_died(self.app)(Lease("a", "1", "add", "q", 1, 3, None, {}), -(signal.SIGRTMIN + 5))
        self.assertEqual(("failure", True), (report["outcome"], str(int(signal.SIGRTMIN + 5)) in report["error"]["message"]))


class DecisionTests(unittest.TestCase):
    def test_states(self):
        def job(**more):
            return Job.of({**RepeatTests.JOB, **more})

        failed = {"number": 1, "outcome": "failed", "startedAt": "2026-01-01T00:00:00Z", "endedAt": "2026-01-01T00:00:00Z", "error": {"code": "error", "type": "ValueError", "message": "x"}}
        said = {"state": "CRUNCHING", "meta": [1], "attempt": 2}
        for state, info, one in (
                ("PENDING", None, None), ("PENDING", None, job()), ("RETRY", "x", job(attempts=[failed])), ("PENDING", None, job(state="PROGRESS", attempt=1)),
                ("CRUNCHING", [1], job(state="PROGRESS", attempt=2, data=said, attempts=[failed])), ("RETRY", "x", job(state="PROGRESS", attempt=3, data=said, attempts=[failed])),
                ("PENDING", None, job(attempts=[{**failed, "outcome": "crashed", "error": None}])),
                ("PENDING", None, job(state="PROGRESS", attempt=1, data={"of": "another program"})), ("SUCCESS", 7, job(state="SUCCESS", result=7)),
                ("CUSTOM", {"a": 1}, job(state="SUCCESS", result={"celery.state": {"state": "CUSTOM", "meta": {"a": 1}}})),
                ("FAILURE", "x", job(state="FAILURE", error=failed["error"])), ("REVOKED", "expired", job(state="FAILURE", error={"code": "expired", "message": "m"})),
                ("REVOKED", "revoked", job(state="REVOKED")), ("REVOKED", "terminated", job(state="REVOKED", attempts=[{**failed, "outcome": "cancelled", "error": None}]))):
            found = read(one)
            self.assertEqual((state, info), (found[0], str(found[1]) if isinstance(found[1], BaseException) else found[1]))
        self.assertIsInstance(read(job(state="REVOKED"))[1], TaskRevokedError)

    def test_exceptions_come_back(self):
        for name, message, said in (
                ("ValueError", "x", "ValueError('x')"), ("KeyError", "'k'", "KeyError('k')"), ("ValueError", "('a', 1)", "ValueError('a', 1)"), ("ValueError", "", "ValueError()"),
                ("FileNotFoundError", "[Errno 2] no file", "FileNotFoundError(2, 'no file')"), ("nowhere.Gone", "x", "Gone('x')"), ("os.system", "rm", "system('rm')"),
                ("UnicodeDecodeError", "needs five", "UnicodeDecodeError"), (None, "x", "Exception('x')"), ("SystemExit", "3", "SystemExit('3')")):
            found = exception_from(name, message)
            self.assertIn(said, repr(found) if "(" in said else type(found).__name__)
            self.assertEqual(message, str(found))

    def test_rates(self):
        self.assertEqual([0, 10, 5, 2, 1, 0.5], [rate(limit) for limit in (None, 10, "5", "2/s", "60/m", "1800/h")])
        with self.assertRaises(ValueError):
            rate("often")

    def test_backoff(self):
        self.assertEqual([1, 2, 4, 8, 10, 10], [backoff(1, retries, 10, False) for retries in range(6)])
        self.assertTrue(all(0 <= backoff(3, 2, 600, True) <= 12 for _ in range(200)))

    def test_heads_of_any_function(self):
        def some(a, /, b, *rest, c, d=1, **more): ...
        def named(*, c): ...
        check = checker(some, False)
        check(1, 2, c=3)
        for bad in (lambda: check(1, c=3), lambda: check(1, 2), lambda: checker(named, False)(1), lambda: checker(some, True)(c=1)):
            with self.assertRaises(TypeError):
                bad()

    def test_settings(self):
        app = Celery("settings", set_as_current=False)
        app.conf.update({"CELERY_RESULT_BACKEND": "http://localhost:2", "timezone": "Europe/Berlin", "of_its_own": 1})
        self.assertEqual(("http://localhost:2", "Europe/Berlin", 1), (app.conf.result_backend, app.conf["timezone"], app.conf.of_its_own))
        app.config_from_object({"CELERY_TASK_DEFAULT_QUEUE": "q", "OTHER": 1}, namespace="CELERY")
        self.assertEqual("q", app.conf.task_default_queue)
        app.conf.task_routes = {"feeds.*": {"queue": "feeds"}, "one": "ones"}
        self.assertEqual(["feeds", "ones", None], [queue_of(app, name) for name in ("feeds.fetch", "one", "two")])

    def test_options_that_settings_give(self):
        app = Celery("annotated", set_as_current=False)
        tasks = {name: app.task(name=name, **options)(lambda: None) for name, options in (("one", {}), ("two", {"max_retries": 7, "reject_on_worker_lost": False}))}
        app.conf.update(task_annotations=[{"one": {"rate_limit": "10/m"}}, {"*": {"max_retries": 9}}], task_reject_on_worker_lost=True, task_acks_late=True)
        app.definitions()
        self.assertEqual(("10/m", 9, True, True), (tasks["one"].rate_limit, tasks["one"].max_retries, tasks["one"].reject_on_worker_lost, tasks["one"].acks_late))
        self.assertEqual((None, 9, False), (tasks["two"].rate_limit, tasks["two"].max_retries, tasks["two"].reject_on_worker_lost))

    def test_how_long_results_are_kept(self):
        app = Celery("expiring", set_as_current=False)
        app.conf.result_expires = timedelta(minutes=5)
        with mock.patch("orleansjobs.celery.calling.submit") as submit:
            app.send_task("any")
        self.assertEqual(300, submit.call_args[0][1]["retention"])
        self.assertEqual([None, None, 3600, 60, 366 * 86400], [retention_of(value) for value in (None, 0, 3600, timedelta(minutes=1), timedelta(days=9999))])

    def test_times_without_a_zone_and_with_z(self):
        app = Celery("zones", set_as_current=False)
        app.conf.timezone = "Europe/Berlin"
        task = app.task(name="zoned")(lambda: None)
        there = datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
        job = mock.Mock(attempts=3, attempt=1)
        said = _retry(task, Retry(when=there + timedelta(minutes=5)), Context(id="a", args=(), kwargs={}, job=job))
        self.assertAlmostEqual(300, said["delay"], delta=30)
        self.assertEqual("2030-01-01T00:00:00+00:00", when_of(None, "2030-01-01T00:00:00.5Z".replace(".5", ""), app._zone)["eta"])
        self.assertEqual("2030-01-01T00:00:00+01:00", when_of(None, "2030-01-01T00:00:00", app._zone)["eta"])
        self.assertEqual("2030-01-01T00:00:00+00:00", expiry_of("2030-01-01T00:00:00Z", app._zone))
        with mock.patch("zoneinfo.ZoneInfo", side_effect=LookupError("no data of zones")):
            self.assertEqual("2030-01-01T00:00:00+00:00", when_of(None, datetime(2030, 1, 1, tzinfo=timezone.utc), app._zone)["eta"])
            app.conf.timezone = "UTC"
            self.assertEqual(timezone.utc, app._zone())

    def test_names_of_workers(self):
        host = "node7.example.org"
        for given, name in ((None, f"celery@{host}"), ("w1@%h", f"w1@{host}"), ("w1@%n", "w1@node7"), ("w1@%d", "w1@example.org"), ("w1", "celery@w1")):
            with mock.patch("socket.gethostname", return_value=host), mock.patch.dict(os.environ, {HOSTNAME: given} if given else {}):
                self.assertEqual(name, hostname())

    def test_a_rate_is_not_used_up_by_what_does_not_start(self):
        app = Celery("rates", set_as_current=False)
        app.task(name="slow", rate_limit="10/m")(lambda: None)
        gate, lease = RateLimits(app), Lease("a", "1", "slow", "q", 1, 3, None, {})
        self.assertEqual([0, 6, 6, 6, 0.5, 6], [gate(lease, now) for now in (100, 100, 100, 100, 105.5, 106)])

    def test_exceptions_that_are_not_to_be_retried(self):
        app = Celery("retries", set_as_current=False)
        task = app.task(name="stops", autoretry_for=(LookupError,), dont_autoretry_for=(KeyError,))(lambda: {}["gone"])
        self.assertEqual("FAILURE", task.apply().state)
        self.assertIsInstance(task.apply().result, KeyError)

    def test_names_that_programs_import(self):
        for module, names in (
                ("", "Celery Task shared_task chain group chord signature current_app current_task uuid"), (".result", "AsyncResult EagerResult GroupResult ResultSet allow_join_result"),
                (".exceptions", "Ignore Reject Retry MaxRetriesExceededError SoftTimeLimitExceeded TimeLimitExceeded TimeoutError TaskRevokedError WorkerLostError OperationalError"),
                (".signals", "task_success task_failure task_retry task_prerun task_postrun worker_ready worker_process_init worker_shutdown"),
                (".schedules", "crontab schedule"), (".utils.log", "get_task_logger"), (".states", "PENDING SUCCESS FAILURE RETRY REVOKED STARTED READY_STATES"), (".canvas", "Signature")):
            found = importlib.import_module("orleansjobs.celery" + module)
            for name in names.split():
                self.assertTrue(hasattr(found, name), f"{module}.{name}")
        self.assertTrue(hasattr(face, "Celery"))


class LargeTests(GridTest):
    def test_an_application_of_many_tasks_has_a_worker(self):
        name = unique("large").replace("-", "_")
        place = folder_with("""
from orleansjobs.celery import Celery
app = Celery("{name}")
for number in range(400):
    app.task(name=f"{name}.t{{number}}")(lambda number=number: number)
""", name, self.addCleanup)
        module = imported(name, place, self.addCleanup)
        program = Program("-m", "orleansjobs.celery", "-A", name, "worker", "-c", "2", "-P", "threads", cwd=place)
        self.addCleanup(program.__exit__)
        results = [module.app.tasks[f"{name}.t{number}"].delay() for number in (0, 200, 399)]
        self.assertEqual([0, 200, 399], [result.get(timeout=60) for result in results])


class GridTests(GridTest):
    def setUp(self):
        self.name = unique("face").replace("-", "_")
        self.place = folder_with(APP, self.name, self.addCleanup)
        self.module = imported(self.name, self.place, self.addCleanup)

    def worker(self, *options):
        program = Program("-m", "orleansjobs.celery", "-A", self.name, "worker", "-l", "INFO", *options, cwd=self.place)
        self.addCleanup(program.__exit__)
        program.wait_for("ready.")
        return program

    def test_a_task_may_be_submitted_before_any_worker_ran(self):
        result = self.module.add.delay(1, 2)
        self.assertEqual(("PENDING", None, False), (result.state, result.info, result.ready()))
        known = {found["name"]: found for found in self.types()}
        self.assertEqual("Adds two numbers.", known[f"{self.name}.add"]["description"])
        self.worker("-c", "1")
        self.assertEqual(3, result.get(timeout=60))
        again = {found["name"]: found for found in self.types()}
        self.assertEqual(known[f"{self.name}.add"]["description"], again[f"{self.name}.add"]["description"], "worker and caller say the same")

    def types(self):
        from orleansjobs.exchange import Request
        return self.client.ask(Request("GET", "/job-types")).json()

    def test_pools(self):
        for pool in ("prefork", "threads", "solo"):
            with self.subTest(pool):
                program = self.worker("-P", pool, "-c", "2")
                self.assertEqual(3, self.module.add.delay(1, 2).get(timeout=60))
                self.assertEqual(pool == "prefork", self.module.pid.delay().get(timeout=60) != program.pid)
                program.signal(signal.SIGTERM)
                self.assertEqual(0, program.wait(), program.output)

    def test_a_limit_is_not_used_up_by_the_import_of_the_application(self):
        self.worker("-c", "1")
        for _ in range(2):
            hung, quick = self.module.hangs.delay(), self.module.limited.delay()
            self.assertEqual("TimeLimitExceeded", type(hung.get(timeout=60, propagate=False)).__name__)
            self.assertEqual("in time", quick.get(timeout=60))

    def test_each_process_of_a_worker_is_told_that_it_is_one(self):
        program = self.worker("-c", "1", "-n", "worker7@%n")
        self.assertEqual(["open", "worker7@"], [self.module.opened.delay().get(timeout=60)[0], self.module.opened.delay().get(timeout=60)[1][:8]])
        program.wait_for(f"Task {self.name}.opened")  # what it logs below a warning is in the worker's log

    def test_a_log_file_a_pid_file_and_modules_of_the_command_line(self):
        (Path(self.place) / f"{self.name}_more.py").write_text(
            f"import logging\nfrom {self.name} import app\n@app.task(name='{self.name}.more')\ndef more():\n    logging.getLogger('x').warning('said by more')\n    return 'more'\n")
        place = Path(self.place)
        program = Program("-m", "orleansjobs.celery", "-A", self.name, "worker", "-l", "INFO", "-c", "1", "-f", "%n.log", "-n", "w7@%n", "--pidfile", "worker.pid", "-I", f"{self.name}_more", cwd=self.place)
        self.addCleanup(program.__exit__)
        self.assertEqual("more", self.module.app.send_task(f"{self.name}.more").get(timeout=60))
        self.assertEqual(str(program.pid), (place / "worker.pid").read_text().strip())
        self.assertIn("said by more", (place / "w7.log").read_text())
        program.signal(signal.SIGTERM)
        self.assertEqual(0, program.wait(), program.output)
        self.assertFalse((place / "worker.pid").exists())

    def test_a_task_that_its_rate_holds_back_can_be_revoked(self):
        self.worker("-c", "4")
        self.assertEqual(1, self.module.seldom.delay().get(timeout=60))
        held = self.module.seldom.delay()
        self.until(held.id, lambda job: job.state == "PENDING" and [attempt.outcome for attempt in job.attempts] == ["returned"], "the hand-back")
        self.assertEqual("PENDING", held.state)
        self.assertEqual(3, self.module.add.delay(1, 2).get(timeout=60))
        held.revoke()
        self.assertEqual("REVOKED", held.state)

    def test_where_a_task_failed_is_kept(self):
        self.worker("-c", "1")
        failed = self.module.fails.delay()
        self.assertEqual("at fault", str(failed.get(timeout=60, propagate=False)))
        self.assertRegex(failed.traceback, rf"at {self.name}\.fails \({self.name}\.py:\d+\)")
        self.assertIsNone(self.module.add.delay(1, 2).traceback)

    def test_what_has_not_ended_is_forgotten_in_silence(self):
        waiting = self.module.add.apply_async((1, 2), countdown=3600)
        waiting.forget()
        self.assertEqual("PENDING", waiting.state)
        waiting.revoke()

    def test_children_are_replaced_when_they_have_had_their_tasks(self):
        self.worker("-c", "1", "--max-tasks-per-child", "2")
        pids = [self.module.pid.delay().get(timeout=60) for _ in range(6)]
        self.assertEqual([2, 2, 2], [pids.count(pid) for pid in dict.fromkeys(pids)])

    def test_sigterm_is_a_warm_shutdown(self):
        program = self.worker("-c", "1")
        running = self.module.waits.delay("go")
        self.until(running.id, lambda job: job.status == "on it", "the start")
        program.signal(signal.SIGTERM)
        (Path(self.place) / "go").touch()
        self.assertEqual("waited", running.get(timeout=60))
        self.assertEqual(0, program.wait(), program.output)

    def test_meta_moves_the_grids_own_bar(self):
        self.worker("-c", "1")
        running = self.module.waits.delay("bar")
        job = self.until(running.id, lambda job: job.status == "on it", "the state")
        self.assertEqual((3, 7, "RUNS"), (job.current, job.total, running.state))
        (Path(self.place) / "bar").touch()
        self.assertEqual("waited", running.get(timeout=60))

    def test_a_killed_worker_costs_a_repeat_which_is_no_retry(self):
        first = self.worker("-c", "1")
        running = self.module.waits.delay("later")
        self.until(running.id, lambda job: job.status == "on it", "the start")
        first.signal(signal.SIGKILL)
        first.wait()
        (Path(self.place) / "later").touch()
        self.worker("-c", "1")
        self.assertEqual("waited", running.get(timeout=60))
        self.assertEqual([f"{running.id} 0"] * 2, (Path(self.place) / "runs").read_text().splitlines())

    def test_jobs_of_other_programs_can_be_read_and_tasks_called_from_anywhere(self):
        self.worker("-c", "1")
        job = self.client.submit("longtask", {"steps": 2, "stepMs": 5})
        self.assertEqual(42, AsyncResult(job.id, app=self.module.app).get(timeout=60))
        self.assertEqual(5, self.client.submit(f"{self.name}.add", {"args": [2, 3]}, wait=30).result)
        self.assertEqual(5, self.client.submit(f"{self.name}.add", {"x": 2, "y": 3}, wait=30).result)

    def test_meta_beyond_4_kib_is_refused_by_name(self):
        from orleansjobs.worker.job import Job as Running
        lease = Lease("a", "1", "t", "q", 1, 3, None, {})
        with self.assertRaises(ValueError) as raised:
            Running(lease, lambda said: None, lambda value: None, lambda what: {}).report(1, 2, "x", "x" * 4095)
        self.assertIn("4096 bytes of JSON; this is 4097", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
