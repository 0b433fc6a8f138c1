"""The rows of the table: each calls tasks and says what it saw. Run with Celery and with the grid, it must say the same."""
import json
import re
import sys
import time
import traceback
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from celery import chain, signature
from celery.exceptions import Retry, TaskRevokedError, TimeoutError
from celery.result import AsyncResult, EagerResult, ResultSet

import programs as p

LONG = 40
ROWS = {}


def row(function):
    ROWS[function.__name__] = function
    return function


def told(error, id=""):
    text = str(error)
    return [type(error).__name__, text.replace(id, "ID") if id else text]


def got(result, timeout=LONG):
    try:
        return ["value", result.get(timeout=timeout)]
    except Exception as error:
        return ["raised", *told(error, result.id)]


def seen(result):
    info = result.info
    return [result.state, told(info, result.id) if isinstance(info, BaseException) else info]


def whole(result):
    return [got(result), seen(result), result.ready(), result.successful(), result.failed()]


def until(condition, what):
    given_up = time.monotonic() + LONG
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > given_up:
            raise AssertionError(f"{what} did not come")
        time.sleep(0.02)


def reaches(result, state):
    until(lambda: result.state == state, f"{state} of {result.id}, now {result.state},")
    return seen(result)


def go(name):
    (p.FOLDER / name).touch()


def marks(name, count):
    path = p.FOLDER / name
    until(lambda: path.exists() and len(path.read_text().splitlines()) >= count, f"{count} marks of {name}")
    return path.read_text().splitlines()


def called(call):
    try:
        return ["value", call()]
    except Exception as error:
        return told(error)


for what in ("none", "int", "float", "true", "text", "list", "tuple", "dict", "big", "datetime", "decimal", "uuid", "keys"):
    ROWS[f"result_{what}"] = lambda what=what: whole(p.gives.delay(what))

for what in ("value", "two", "none", "key", "plain", "unicode", "lines", "errno", "number", "list", "assert", "stop", "empty", "long", "timeout", "inner", "odd"):
    ROWS[f"exception_{what}"] = lambda what=what: whole(p.raises.delay(what))

for what in ("set", "object"):
    ROWS[f"result_no_json_{what}"] = lambda what=what: [whole(p.gives_bad.delay(what))[1][0], seen(p.gives_bad.delay(what))[0] is not None]


@row
def arguments():
    return [got(p.echo.delay()), got(p.echo.delay(1, "zwei", x=[3], y=None)), got(p.echo.apply_async((1,), {"k": {"n": 1}})), got(p.add.delay(1)),
            got(p.add.delay(1, 2)), got(p.add.delay(x=1, y=5)), got(p.add.apply_async(kwargs={"x": 3}))]


@row
def arguments_that_are_no_plain_json():
    return got(p.echo.delay(datetime(2026, 1, 2), datetime(2026, 1, 2, 3, tzinfo=timezone.utc), UUID(int=7), Decimal("1.10"), (1, 2)))


@row
def arguments_that_do_not_fit():
    return [called(lambda: p.add.delay()), called(lambda: p.add.delay(1, 2, 3)), called(lambda: p.add.delay(1, z=3)), called(lambda: p.flaky.delay())]


@row
def arguments_that_cannot_travel():
    return called(lambda: p.echo.delay({1, 2}))


@row
def a_natural_error():
    result = p.divides.delay(1, 0)
    return [whole(result), [type(result.get(propagate=False)).__name__], told(result.result)]


@row
def an_unknown_id():
    result = p.app.AsyncResult(str(uuid4()))
    return [result.state, result.status, result.info, result.result, result.ready(), result.successful(), result.failed(), got(result, 0.3)]


@row
def ids():
    id = str(uuid4())
    result = p.add.apply_async((1, 2), task_id=id)
    return [result.id == id, result.task_id == id, str(result) == id, result == AsyncResult(id), hash(result) == hash(AsyncResult(id)), got(AsyncResult(id)),
            got(p.add.AsyncResult(id)), isinstance(result.date_done, datetime), result.children]


@row
def get_again_and_forget():
    result = p.add.delay(1, 1)
    values = [result.get(timeout=LONG), result.get(), result.result]
    result.forget()
    return [values, p.app.AsyncResult(result.id).state]


@row
def get_times_out():
    result = p.waits.delay("times-out")
    reaches(result, "PROGRESS")
    told_out = got(result, 0.3)
    go("times-out")
    return [told_out, whole(result)]


@row
def get_without_raising():
    return told(p.raises.delay("value").get(timeout=LONG, propagate=False))


@row
def get_with_callback():
    found = []
    value = p.add.delay(1, 1).get(timeout=LONG, callback=lambda id, value: found.append(value))
    return [value, found]


@row
def states_of_its_own():
    said = [["PROGRESS", {"current": 1, "total": 3, "status": "on it"}], ["CRUNCHING", ["a", {"b": None}]], ["PROGRESS", "words"], ["PROGRESS", None],
            ["PROGRESS", {"current": "no number", "total": -1, "status": 7}], ["PROGRESS", {"deep": {"er": [1, 2.5, True]}}]]
    result = p.steps.delay(said, "own")
    out = []
    for number, (state, meta) in enumerate(said):
        until(lambda: seen(result) == [state, meta], f"{state} {meta}")
        out.append([seen(result), result.ready(), result.successful()])
        go(f"own-{number}")
    return [out, whole(result)]


@row
def retried():
    return [whole(p.flaky.delay(0)), whole(p.flaky.delay(2)), whole(p.flaky.delay(3)), whole(p.flaky.delay(9))]


@row
def retried_without_an_exception():
    result = p.never_good.delay()
    return whole(result)


@row
def retried_for_ever():
    return whole(p.patient.delay(5))


@row
def retried_with_a_limit_of_its_own():
    return whole(p.strict.delay())


@row
def retried_with_other_arguments():
    return whole(p.other_args.delay(1))


@row
def retried_at_an_eta():
    return whole(p.eta_retry.delay())


@row
def retried_without_throwing():
    return whole(p.gentle.delay())


@row
def the_state_retry():
    result = p.retry_seen.delay("retry-seen")
    before = reaches(result, "RETRY")
    ready = result.ready()
    go("retry-seen")
    return [before, ready, whole(result)]


@row
def retried_by_itself():
    return [whole(p.auto.delay(1)), len(marks("auto", 2)), whole(p.auto_fails.delay()), whole(p.backs_off.delay())]


@row
def retry_says():
    return [str(Retry("words")), str(Retry(exc=ValueError("x"), when=3)), str(Retry(when=3)), str(Retry(exc="text", when=1.5))]


@row
def called_directly():
    return [p.add(1, 2), called(lambda: p.divides(1, 0)), called(lambda: p.flaky(1)), p.flaky(0), p.plain_facts()]


@row
def the_request():
    result = p.facts.apply_async((1,), {"y": 2}, queue="other")
    found = result.get(timeout=LONG)
    return [{**found, "id": found["id"] == result.id, "root": found["root"] == result.id, "current_id": found["current_id"] == result.id}]


@row
def calls_from_within():
    parent, child = p.calls.delay().get(timeout=LONG)
    found = AsyncResult(child).get(timeout=LONG)
    return [found["parent"] == parent, found["root"] == parent]


@row
def getting_within_a_task():
    return told(p.waits_within.delay().get(timeout=LONG, propagate=False))[0]


@row
def ignoring():
    result = p.ignored.delay()
    return [reaches(result, "CUSTOM"), result.ready(), reaches(p.ignored_failure.delay(), "FAILURE")]


@row
def rejecting():
    result = p.rejected.delay()
    marks("rejected", 1)
    return [result.state, result.ready(), whole(p.requeued.delay()), len(marks("requeued", 3))]


@row
def later():
    started = time.time()
    result = p.add.apply_async((1, 1), countdown=1)
    state = result.state
    value = got(result)
    return [state, value, time.time() - started >= 0.95, got(p.add.apply_async((1, 2), eta=datetime.now(timezone.utc) + timedelta(seconds=0.5))),
            got(p.add.apply_async((1, 3), eta=datetime.utcnow())), got(p.add.apply_async((1, 4), eta=datetime(2020, 1, 1, tzinfo=timezone.utc)))]


@row
def expired():
    return [whole(p.add.apply_async((1, 1), countdown=2, expires=1)), whole(p.add.apply_async((1, 1), expires=datetime.now(timezone.utc) - timedelta(hours=1))),
            whole(p.add.apply_async((1, 1), countdown=2, expires=datetime.now(timezone.utc) + timedelta(seconds=1))), whole(p.add.apply_async((1, 1), expires=60))]


@row
def revoked_while_it_waits():
    first, second, third = (p.add.apply_async((1, 1), countdown=3) for _ in range(3))
    first.revoke()
    p.app.control.revoke([second.id, third.id])
    return [whole(first), whole(second), whole(third)]


@row
def revoked_while_it_runs():
    result = p.waits.delay("revoked-runs")
    reaches(result, "PROGRESS")
    result.revoke()
    go("revoked-runs")
    return whole(result)


@row
def terminated():
    result = p.waits.delay("never-comes")
    reaches(result, "PROGRESS")
    result.revoke(terminate=True)
    first = whole(result)
    second = p.waits.delay("never-comes")
    reaches(second, "PROGRESS")
    p.app.control.revoke(second.id, terminate=True, signal="SIGKILL")
    return [first, whole(second), got(p.add.delay(1, 1))]


@row
def revoked_when_it_has_ended():
    result = p.add.delay(1, 1)
    result.get(timeout=LONG)
    result.revoke(terminate=True)
    return whole(result)


@row
def time_limits():
    return [whole(p.hard.delay()), whole(p.soft.delay()), whole(p.soft_caught.delay()), whole(p.waits.apply_async(("never",), time_limit=1)),
            got(p.add.delay(1, 1))]


@row
def a_process_that_dies():
    found = whole(p.dies.delay())
    found[0][2] = re.sub(r" Job: .*", "", found[0][2])
    found[1][1][1] = re.sub(r" Job: .*", "", found[1][1][1])
    return [found, got(p.add.delay(1, 1))]


@row
def no_result():
    result = p.no_result.delay()
    marks("no_result", 1)
    return [result.get(timeout=LONG), result.result]


@row
def a_result_that_nobody_keeps_may_be_anything():
    return marks(p.saves.delay().id, 2)


@row
def processes_are_told_that_they_begin():
    return got(p.reads.delay())


@row
def a_retry_keeps_its_id():
    here, there = p.identities.apply(([],)).get(), p.identities.delay([]).get(timeout=LONG)
    return [len(here), len(set(here)), len(there), len(set(there))]


@row
def started():
    result = p.tracked.delay("tracked")
    info = until(lambda: result.state == "STARTED" and result.info, "STARTED")
    go("tracked")
    return [sorted(info), whole(result)]


@row
def rate_limited():
    times = sorted(result.get(timeout=LONG) for result in [p.limited.delay() for _ in range(4)])
    return [times[-1] - times[0] > 0.9]


@row
def names():
    return [p.add.name, p.shared.name, p.named.name, got(p.named.delay()), sorted(name for name in p.app.tasks if not name.startswith("celery."))[:5],
            p.add.__doc__, p.add.__name__, called(lambda: p.app.tasks["nobody"].name)]


@row
def by_name():
    return [got(p.app.send_task("programs.add", (4, 5))), got(p.app.send_task("programs.add", kwargs={"x": 1})), got(p.app.tasks["programs.add"].delay(1))]


@row
def shared_tasks():
    return [got(p.shared.delay(1)), p.shared(2)]


@row
def bases():
    return [got(p.counted.delay(3)), p.counted(4), got(p.passed_on.delay())]


@row
def hooks():
    good, bad, again = p.hooked.delay("good", more=1), p.hooked.delay("fail"), p.hooked.delay("retry")
    return [[got(result), marks(result.id, count)] for result, count in ((good, 2), (bad, 2), (again, 3))]


@row
def signals():
    tag = "signals-row"
    got(p.echo.delay(tag)), got(p.raises.delay("stop")), got(p.strict.delay())
    found = until(lambda: [line for line in (p.FOLDER / "signals").read_text().splitlines() if tag in line or "not a tuple" in line or "strict" in line], "signals")
    return [sorted(set(found)), "programs.add [7] {'y': 8}" in (got(p.add.delay(7, y=8)) and marks("prerun", 1)),
            until(lambda: "programs.add 15 SUCCESS" in marks("postrun", 1), "postrun"), marks("ready", 1)]


@row
def signatures():
    sig = p.add.s(1)
    return [got(sig.delay(2)), got(p.add.si(1, 2).delay()), sig(5), p.add.s(1, y=2)(), got(sig.clone((7,)).apply_async()), got(signature("programs.add", args=(1, 2)).delay()),
            sig.task, list(sig.args), dict(sig.kwargs), repr(p.add.s(1, y=2)), got(p.add.s(1).set(countdown=0.1).delay()), sig.apply((4,)).get(),
            dict(p.add.s(1).options), p.add.signature((1, 2), countdown=1).options, got(p.add.subtask((2, 2)).delay())]


@row
def eagerly():
    good, bad = p.add.apply((1, 2)), p.divides.apply((1, 0))
    again = p.flaky.apply((2,))
    return [isinstance(good, EagerResult), good.get(), good.state, good.ready(), good.successful(), bad.state, bad.failed(), called(bad.get), told(bad.result),
            again.get(), again.state, called(lambda: p.divides.apply((1, 0), throw=True)), p.plain_facts.apply().get()]


@row
def always_eager():
    p.app.conf.task_always_eager = True
    try:
        return [p.add.delay(1, 2).get(), p.divides.delay(1, 0).state]
    finally:
        p.app.conf.task_always_eager = False


@row
def several_results():
    results = ResultSet([p.add.delay(number, 1) for number in range(4)])
    values = results.join(timeout=LONG)
    mixed = ResultSet([p.add.delay(1, 1), p.raises.delay("value")])
    return [values, results.successful(), results.ready(), results.failed(), results.completed_count(), len(results), called(lambda: mixed.join(timeout=LONG)),
            mixed.failed(), len(mixed.join(timeout=LONG, propagate=False))]


def main(path):
    import canvas_rows
    found = {}
    for name, function in {**ROWS, **canvas_rows.ROWS}.items():
        try:
            found[name] = json.loads(json.dumps(function()))
        except Exception:
            found[name] = ["broken", traceback.format_exc()]
        print(name, flush=True)
    Path(path).write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
