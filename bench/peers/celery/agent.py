"""python3 agent.py: submits, and looks at what is stored. The worker is Celery's own command."""
import json
import os
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

import redis

from celery import chain, chord

from tasks import app, join, link, port

results = redis.Redis(port=int(port), db=1)
sent = []
beat = None


def submit(type="noop", count=1, inflight=1, batch=1, payload=0, delayMs=0, atMs=0, spreadMs=0, **others):
    task = app.tasks[type]
    text = "x" * payload if payload else None
    began = time.perf_counter()
    first = time.time() * 1000
    keep = type == "late"

    def one(index):
        arguments = {"n": index}
        if text:
            arguments["text"] = text
        options = {}
        if delayMs or atMs:
            due = atMs or first + delayMs + (spreadMs * index / count if spreadMs else 0)
            arguments["due"] = due
            options["eta"] = datetime.fromtimestamp(due / 1000, timezone.utc)
        result = task.apply_async(kwargs=arguments, **options)
        if keep:
            sent.append(result.id)

    def lane(start):
        for index in range(start, count, lanes):
            one(index)

    # More threads than a few only wait for each other: the interpreter runs one at a time.
    lanes = min(inflight, 2)
    threads = [threading.Thread(target=lane, args=(start,)) for start in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - began}


def pause():
    # A worker that has just been started does not hear it yet.
    while not app.control.cancel_consumer("jobs", reply=True, timeout=2):
        pass


def resume():
    app.control.add_consumer("jobs")


def finished(count, but=0):
    while results.dbsize() < count:
        time.sleep(0.005)


def count():
    broker = redis.Redis(port=int(port), db=0)
    return {"finished": results.dbsize(), "open": broker.llen("jobs") + broker.hlen("unacked")}


def idle(count, pauseMs, type="noop"):
    ms = []
    for n in range(count):
        began = time.perf_counter()
        app.tasks[type].apply_async(kwargs={"n": n}).get(timeout=60)
        ms.append((time.perf_counter() - began) * 1000)
        time.sleep(pauseMs / 1000)
    return {"ms": ms}


def canvas(shape, size):
    if shape == "chain":
        return chain(link.s(0), *(link.s() for _ in range(size - 1)))
    return chord([link.s(n) for n in range(size)], join.s())


def flows(shape, size, count, inflight):
    began = time.perf_counter()
    # One thread: a second one only waits for the first.
    ends = ["celery-task-meta-" + canvas(shape, size).apply_async().id for _ in range(count)]
    while any(stored is None for stored in results.mget(ends)):
        time.sleep(0.005)
    return {"seconds": time.perf_counter() - began}


def flowsOne(shape, size, count, pauseMs):
    ms = []
    for _ in range(count):
        began = time.perf_counter()
        canvas(shape, size).apply_async().get(timeout=600)
        ms.append((time.perf_counter() - began) * 1000)
        time.sleep(pauseMs / 1000)
    return {"ms": ms}


def schedules(count, everyMs, **others):
    global beat
    settings = {"BENCH_SCHEDULES": str(count), "BENCH_EVERY_MS": str(everyMs)}
    command = [sys.executable, "-m", "celery", "-A", "beat", "beat", "--scheduler", "beat:Planned", "--pidfile=", "--loglevel", "ERROR"]
    beat = subprocess.Popen(command, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def unschedule(count):
    beat.terminate()
    beat.wait()


def lateness():
    # Nobody tells the ids of what beat sends: their results are all that there are.
    keys = list(results.scan_iter("celery-task-meta-*", count=1000)) if beat else ["celery-task-meta-" + id for id in sent]
    sent.clear()
    late = []
    for start in range(0, len(keys), 1000):
        chunk = keys[start:start + 1000]
        found = [json.loads(value)["result"] for value in results.mget(chunk) if value]
        late += [result["late"] for result in found if isinstance(result, dict) and "late" in result]
        if beat:
            results.delete(*chunk)
    return {"ms": late}


def progress(count):
    return {"seconds": app.tasks["progress"].apply_async(kwargs={"count": count}).get(timeout=600)}


ops = {op.__name__: op for op in (submit, pause, resume, finished, count, idle, schedules, unschedule, flows, flowsOne, lateness, progress)}


def answer(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


answer({"ready": True})
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer(ops[request.pop("op")](**request) or {})
    except Exception as error:  # whatever it is, the driver has to hear of it
        answer({"error": repr(error)})

if beat:
    beat.terminate()
