"""What the workers of the tests run. Types carry a prefix, so that no two tests share one."""
from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from pathlib import Path

from orleansjobs import ChildFailed, GiveUp, RetryLater, StaleAttempt, Worker
from orleansjobs.worker import JobLogHandler

PREFIX = os.environ.get("HANDLER_PREFIX", "t")
FOLDER = Path(os.environ.get("HANDLER_FOLDER", "."))
worker = Worker(release="1.2.3")
logging.getLogger("shop").setLevel(logging.INFO)
logging.getLogger("shop").addHandler(JobLogHandler())


def named(name, **options):
    return worker.job(f"{PREFIX}.{name}", **options)


@named("echo", description="Answers what it was given.")
def echo(job, args):
    return args


@named("grows")
def grows(job, args):
    return (args.get("text") or chr(args["code"])) * args["times"]


@named("facts", queue="facts-of-jobs", attempts=7, timeout=600)
def facts(job, args):
    return {
        "id": job.id, "token": job.token, "type": job.type, "queue": job.queue, "attempt": job.attempt, "attempts": job.attempts, "tags": dict(job.tags),
        "timeout": job.timeout, "submitted": job.submitted.isoformat(), "pid": os.getpid(),
    }


@named("says")
def says(job, args):
    job.log("first", level="warning")
    logging.getLogger("shop").info("by %s", "logging")
    logging.getLogger("shop").debug("too fine")
    raise GiveUp("that was all")


@named("strict", schema={"type": "object", "required": ["width"], "properties": {"width": {"type": "integer"}}})
def strict(job, args):
    return args["width"]


@named("steps")
def steps(job, args):
    total = args["steps"]
    for step in range(total):
        job.report(step, total, f"step {step}", {"step": step, "text": "ä☃"})
        if job.wait_cancelled(args.get("each", 0.02)):
            job.raise_if_cancelled()
    job.report(total, total, "all done", {"last": True})
    return "steps"


@named("coroutine")
async def coroutine(job, args):
    job.report(1, 2, "half")
    try:
        await asyncio.sleep(args.get("seconds", 0))
    except asyncio.CancelledError:
        (FOLDER / f"cancelled-{job.id}").touch()
        raise
    return job.attempt


@named("deaf")
def deaf(job, args):
    """Heeds nothing."""
    time.sleep(args["seconds"])
    return "deaf"


@named("fails")
def fails(job, args):
    raise ValueError(f"no such file: attempt {job.attempt}")


@named("later")
def later(job, args):
    count = job.checkpoint or 0
    if count < 3:
        job.save_checkpoint(count + 1)
        raise RetryLater(0.1)
    return {"count": count, "attempt": job.attempt}


@named("saves")
async def saves(job, args):
    if job.checkpoint is None:
        await job.save_checkpoint({"page": 17})
        raise OSError("on page 18")
    return job.checkpoint


@named("saves-late")
async def saves_late(job, args):
    job.report(0, 1, "run")
    while not (FOLDER / "go").exists():
        await asyncio.sleep(0.01)
    await job.save_checkpoint(1)


def bill(name, amount):
    with open(FOLDER / "bills", "a") as file:
        file.write(f"{name}\n")
    return {"amount": amount}


@named("once", attempts=3)
def charge_once(job, args):
    first = job.step("charge", bill, args["name"], 7)
    second = job.step("charge", bill, args["name"], 8)
    if job.attempt < 3:
        raise OSError("after the second")
    return [first, second, job.step("pack", lambda: None)]


@named("once-awaited", attempts=3)
async def charge_once_awaited(job, args):
    async def awaited(name, amount):
        await asyncio.sleep(0.01)
        return bill(name, amount)

    first = await job.step("charge", awaited, args["name"], 7)
    second = await job.step("charge", bill, args["name"], amount=8)
    if job.attempt < 3:
        raise OSError("after the second")
    return [first, second, await job.step("pack", lambda: None)]


@named("family")
def family(job, args):
    charged = job.step("charge", bill, args["name"], 1)
    children = [job.start(f"child-{n}", f"{PREFIX}.echo", n) for n in range(args["children"])]
    results = job.gather(*children)
    job.sleep("rest", 0.3)
    try:
        job.result_of(job.start("bad", f"{PREFIX}.fails", attempts=1))
    except ChildFailed as failed:
        results.append(f"{failed.state}: {failed.error['message']}")
    results.append(job.receive("word", timeout=0.2, otherwise="nothing"))
    results.append(job.receive("word"))
    return [charged, results]


@named("family-awaited")
async def family_awaited(job, args):
    charged = await job.step("charge", bill, args["name"], 1)
    children = [job.start(f"child-{n}", f"{PREFIX}.echo", n) for n in range(args["children"])]
    results = await job.gather(*children)
    await job.sleep("rest", 0.3)
    try:
        await job.result_of(job.start("bad", f"{PREFIX}.fails", attempts=1))
    except ChildFailed as failed:
        results.append(f"{failed.state}: {failed.error['message']}")
    results.append(await job.receive("word", timeout=0.2, otherwise="nothing"))
    results.append(await job.receive("word"))
    return [charged, results]


@named("remembers-too-much")
def remembers_too_much(job, args):
    job.step("large", lambda: "x" * (8 << 20))


@named("gives-up")
def gives_up(job, args):
    raise GiveUp("It will never work.")


@named("returns")
def returns(job, args):
    """What is no JSON, or more than the grid takes."""
    deep = []
    for _ in range(args.get("deep", 0)):
        deep = [deep]
    return {"nan": float("nan"), "set": {1}, "deep": deep, "big": "x" * args.get("big", 0)}[args["what"]]


@named("speaks")
def speaks(job, args):
    """Words that a call could break on."""
    raise RuntimeError("\udc80 half a pair, a null \0, a line\nand " + "long " * 5000)


@named("dies")
def dies(job, args):
    if job.attempt <= args.get("times", 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return job.attempt


@named("marks")
def marks(job, args):
    """Leaves a mark for each run, and waits for a file if it is told to."""
    with open(FOLDER / "marks", "a") as file:
        file.write(f"{job.id} {job.attempt} {job.token} {os.getpid()}\n")
    job.report(0, 1, f"run {job.attempt}")
    wait = args.get("wait")
    while wait and not (FOLDER / wait).exists():
        time.sleep(0.01)
    return job.attempt


@named("stale")
def stale(job, args):
    job.report(0, 1, f"run {job.attempt}")
    if job.attempt > 1:
        return "second"
    while not (FOLDER / "go").exists():
        time.sleep(0.01)
    try:
        job.save_checkpoint(1)
    except StaleAttempt:
        (FOLDER / "refused").touch()
    return "first"
