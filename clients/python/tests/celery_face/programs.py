"""Tasks as programs have them, written against Celery. The tests run this file as it is, and again with nothing changed but where it imports from."""
import os
import signal
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from celery import Celery, Task, current_task, shared_task
from celery.exceptions import Ignore, Reject, Retry, SoftTimeLimitExceeded
from celery.signals import task_failure, task_postrun, task_prerun, task_retry, task_success, worker_process_init, worker_ready
from celery.utils.log import get_task_logger

app = Celery("programs", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.update(task_default_priority=4, timezone="UTC", enable_utc=True, include=["canvas_tasks"])
log = get_task_logger(__name__)
FOLDER = Path(os.environ["MARKS"])
database = None


def mark(name, text):
    with open(FOLDER / name, "a") as file:
        file.write(text + "\n")


class Odd(Exception):
    """Cannot be made from its text."""

    def __init__(self, code, reason="no reason"):
        super().__init__(code, reason)
        self.code = code

    def __str__(self):
        return f"odd {self.code}"


class Plain(Exception):
    class Inner(Exception):
        pass


@app.task
def echo(*args, **kwargs):
    return [list(args), kwargs]


@app.task
def add(x, y=10):
    """Adds."""
    return x + y


@app.task
def gives(what):
    return {
        "none": None, "int": 7, "float": 1.5, "true": True, "text": "ä☃", "list": [1, [2]], "tuple": (1, 2), "dict": {"a": {"b": None}}, "big": "x" * 50_000,
        "datetime": datetime(2026, 1, 2, 3, 4, 5), "decimal": Decimal("1.10"), "uuid": UUID(int=7), "keys": {1: "one"},
    }[what]


@app.task
def gives_bad(what):
    return {"set": {1}, "object": object()}[what]


@app.task
def raises(what):
    errors = {
        "value": lambda: ValueError("bad value"), "two": lambda: ValueError("a", 1), "none": lambda: ValueError(), "key": lambda: KeyError("k"),
        "plain": lambda: Plain("plain words"), "unicode": lambda: RuntimeError("ä☃ \"quoted\" 'single'"), "lines": lambda: RuntimeError("one\ntwo"),
        "errno": lambda: OSError(2, "no file"), "number": lambda: ValueError(7), "list": lambda: ValueError([1, 2]), "assert": lambda: AssertionError(),
        "stop": lambda: LookupError("(not a tuple"), "empty": lambda: ValueError(""), "inner": lambda: Plain.Inner("within"), "long": lambda: ValueError("x" * 900),
        "timeout": lambda: TimeoutError("slow"), "odd": lambda: Odd(7),
    }
    raise errors[what]()


@app.task
def divides(x, y):
    return x / y


@app.task(bind=True)
def steps(self, states, hold):
    for number, (state, meta) in enumerate(states):
        self.update_state(state=state, meta=meta)
        wait_for(f"{hold}-{number}")
    return "ended"


@app.task(bind=True)
def waits(self, hold):
    self.update_state(state="PROGRESS", meta={"started": True})
    wait_for(hold)
    return "waited"


def wait_for(name):
    while not (FOLDER / name).exists():
        time.sleep(0.01)


@app.task(bind=True, max_retries=3, default_retry_delay=0.1)
def flaky(self, good, hold=None):
    if self.request.retries < good:
        try:
            raise ValueError(f"try {self.request.retries}")
        except ValueError as error:
            raise self.retry(exc=error)
    return self.request.retries


@app.task(bind=True, max_retries=2)
def never_good(self):
    raise self.retry(countdown=0.05)


@app.task(bind=True, max_retries=None)
def patient(self, good):
    if self.request.retries < good:
        self.retry(countdown=0.05)
    return self.request.retries


@app.task(bind=True)
def strict(self):
    raise self.retry(exc=KeyError("strict"), countdown=0.05, max_retries=1)


@app.task(bind=True)
def other_args(self, x, y=0):
    if x < 3:
        raise self.retry(args=(x + 1,), kwargs={"y": y + 10}, countdown=0.05)
    return [x, y, self.request.retries]


@app.task(bind=True)
def eta_retry(self):
    if not self.request.retries:
        raise self.retry(eta=datetime.utcnow() + timedelta(seconds=0.2))
    return self.request.retries


@app.task(bind=True)
def gentle(self):
    if not self.request.retries:
        raise self.retry(throw=False, countdown=0.05)
    return "gentle"


@app.task(bind=True)
def retry_seen(self, hold):
    if not self.request.retries:
        raise self.retry(exc=Plain("once more"), countdown=0.05)
    wait_for(hold)
    return "seen"


@app.task(autoretry_for=(Plain,), retry_kwargs={"max_retries": 2, "countdown": 0.05})
def auto(good):
    mark("auto", "run")
    if len((FOLDER / "auto").read_text().splitlines()) <= good:
        raise Plain("auto")
    return "auto"


@app.task(bind=True, autoretry_for=(ZeroDivisionError,), max_retries=2, retry_backoff=1, retry_backoff_max=1, retry_jitter=False)
def backs_off(self):
    if self.request.retries == 0:
        return 1 / 0
    return self.request.retries


@app.task(autoretry_for=(Exception,), retry_kwargs={"max_retries": 1, "countdown": 0.05})
def auto_fails():
    raise Odd(3)


@app.task(bind=True)
def facts(self, x, y=1):
    request = self.request
    return {
        "id": request.id, "task": request.task, "args": list(request.args), "kwargs": request.kwargs, "direct": request.called_directly, "eager": request.is_eager,
        "retries": request.retries, "root": request.root_id, "parent": request.parent_id, "name": self.name, "current": current_task.name,
        "current_id": current_task.request.id, "queue": request.delivery_info["routing_key"],
    }


@app.task(bind=True)
def plain_facts(self):
    request = self.request
    return [request.called_directly, request.is_eager, request.retries, request.id is None, self.name, current_task.name, list(request.args or ())]


@app.task(bind=True)
def calls(self):
    return [self.request.id, facts.delay(5).id]


@app.task
def waits_within():
    return add.delay(1).get(timeout=5)


@app.task(bind=True)
def ignored(self):
    self.update_state(state="CUSTOM", meta={"a": 1})
    raise Ignore()


@app.task(bind=True)
def ignored_failure(self):
    self.update_state(state="FAILURE", meta={"exc_type": "ValueError", "exc_message": ["by hand"], "exc_module": "builtins"})
    raise Ignore()


@app.task
def rejected():
    mark("rejected", "run")
    raise Reject("no", requeue=False)


@app.task(acks_late=True)
def requeued():
    mark("requeued", "run")
    if len((FOLDER / "requeued").read_text().splitlines()) < 3:
        raise Reject("again", requeue=True)
    return "third"


@app.task(time_limit=1)
def hard():
    time.sleep(60)


@app.task(soft_time_limit=1)
def soft_caught():
    try:
        time.sleep(60)
    except SoftTimeLimitExceeded as error:
        return "caught " + str(error)


@app.task(soft_time_limit=1)
def soft():
    time.sleep(60)


@app.task
def dies():
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(ignore_result=True)
def no_result():
    mark("no_result", "run")
    return 7


class Model:
    def __str__(self):
        return "model"


@app.task(track_started=True)
def tracked(hold):
    wait_for(hold)


@app.task(rate_limit="2/s")
def limited():
    return time.time()


@shared_task
def shared(x):
    return ["shared", x]


@app.task(name="a.name-of-its.own")
def named():
    return named.name


class Hooked(Task):
    greeting = "hello"

    def on_success(self, retval, task_id, args, kwargs):
        mark(task_id, f"success {retval} {list(args)} {kwargs}")

    def on_failure(self, exc, task_id, args, kwargs, einfo):
        mark(task_id, f"failure {exc!r} {list(args)} {kwargs} {'Traceback' in str(einfo)}")

    def on_retry(self, exc, task_id, args, kwargs, einfo):
        mark(task_id, f"retry {exc!r}")

    def after_return(self, status, retval, task_id, args, kwargs, einfo):
        mark(task_id, f"after {status}")


@app.task(base=Hooked, bind=True, max_retries=1)
def hooked(self, what, more=None):
    if what == "fail":
        raise ValueError("hooked")
    if what == "retry":
        raise self.retry(exc=KeyError("hooked"), countdown=0.05)
    return self.greeting


@app.task(base=Hooked, ignore_result=True)
def saves():
    return Model()


class Counted(Task):
    def __call__(self, *args, **kwargs):
        return ["called", self.run(*args, **kwargs)]


class Passing(Task):
    def __call__(self, *args, **kwargs):
        return super().__call__(*args, **kwargs)


@app.task(base=Passing, bind=True)
def passed_on(self):
    if not self.request.retries:
        raise self.retry(countdown=0.05)
    return [self.request.called_directly, self.request.retries]


@app.task(base=Counted)
def counted(x):
    return x


@task_success.connect
def on_success(sender=None, result=None, **_):
    mark("signals", f"success {sender.name} {result!r}"[:200])


@task_failure.connect
def on_failure(sender=None, task_id=None, exception=None, args=None, kwargs=None, **_):
    mark("signals", f"failure {sender.name} {exception!r} {list(args)} {kwargs}"[:200])


@task_retry.connect
def on_retry(sender=None, request=None, reason=None, **_):
    mark("signals", f"retry {sender.name} {reason}")


@task_prerun.connect(sender=add)
def before_add(task_id=None, task=None, args=None, kwargs=None, **_):
    mark("prerun", f"{task.name} {list(args)} {kwargs}")


@task_postrun.connect(sender=add)
def after_add(task_id=None, task=None, retval=None, state=None, **_):
    mark("postrun", f"{task.name} {retval} {state}")


@worker_process_init.connect
def on_process(**_):
    global database
    database = "open"


@app.task
def reads():
    return database


@app.task(bind=True, max_retries=3, default_retry_delay=0.1)
def identities(self, seen):
    if self.request.retries < 2:
        raise self.retry(args=(seen + [self.request.id],))
    return seen + [self.request.id]


@worker_ready.connect
def on_ready(**_):
    mark("ready", "ready")
