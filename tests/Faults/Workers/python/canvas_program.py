"""A program that submits canvases, as programs written for Celery do, while what runs them is ill-treated. It writes down each that was taken, and then asks for what each came to.

The difference to a program of Celery's is the import."""
import argparse
import json
import os
import random
import sys
import threading
import time
from uuid import uuid4

from orleansjobs.celery import chain, chord, group
from orleansjobs.celery.exceptions import ChordError

from canvas_tasks import add, breaks, flaky, start, total

LONGEST_MS = 300
WIDE = 120
ONE_IS_WIDE = 15
PATIENCE = 300


class Canvas:
    """The signatures of one canvas, and of each of its jobs what it follows and what it must come to."""

    def __init__(self, draws: random.Random) -> None:
        self._draws = draws
        self.jobs = []

    def _ms(self) -> int:
        return self._draws.randrange(LONGEST_MS)

    def _job(self, sig, after, end, value=None):
        """`end` is None where what it follows has to succeed and does not."""
        id = str(uuid4())
        unmet = any(one["end"] != "SUCCESS" for one in after)
        job = {
            "id": id, "type": sig.task, "after": [one["id"] for one in after], "end": "FAILURE" if unmet else end, "code": "dependency_failed" if unmet else None,
            "value": None if unmet else value}
        self.jobs.append(job)
        return sig.set(task_id=id), job

    def first(self, fails=False):
        if fails:
            return self._job(breaks.s(), [], "FAILURE")
        number = self._draws.randrange(1000)
        kind = flaky if self._draws.randrange(6) == 0 else start
        return self._job(kind.s(number, self._ms()), [], "SUCCESS", number)

    def then(self, before, fails=False):
        if fails:
            return self._job(breaks.s(), [before], "FAILURE")
        number = self._draws.randrange(1000)
        return self._job(add.s(number, self._ms()), [before], "SUCCESS", (before["value"] or 0) + number)

    def body(self, parts):
        return self._job(total.s(self._ms()), parts, "SUCCESS", sum(part["value"] or 0 for part in parts))

    def links(self, sig, job, count, fails_at=None):
        sigs = [sig]
        for at in range(1, count):
            sig, job = self.then(job, fails=at == fails_at)
            sigs.append(sig)
        return sigs, job


def a_chain(canvas, draws, fails):
    count = draws.randrange(2, 7)
    fails_at = draws.randrange(count) if fails else None
    sigs, _ = canvas.links(*canvas.first(fails=fails_at == 0), count, fails_at)
    return chain(*sigs)()


def a_group(canvas, draws, fails):
    return group(canvas.first(fails=fails and at == 0)[0] for at in range(draws.randrange(2, 11)))()


def header_of(canvas, draws, fails, count):
    """Tasks, and now and then a chain among them, whose last link is what the body is given."""
    sigs, ends = [], []
    for at in range(count):
        sig, job = canvas.first(fails=fails and at == 0)
        if count < WIDE and draws.randrange(4) == 0:
            links, job = canvas.links(sig, job, draws.randrange(2, 4))
            sig = chain(*links)
        sigs.append(sig)
        ends.append(job)
    return sigs, ends


def a_chord(canvas, draws, fails, count=None):
    sigs, ends = header_of(canvas, draws, fails, count or draws.randrange(2, 13))
    return chord(sigs)(canvas.body(ends)[0])


def a_wide_chord(canvas, draws, fails):
    return a_chord(canvas, draws, fails, WIDE)


def a_chain_with_a_chord(canvas, draws, fails):
    """One, then many beside each other that are each given its result, then one that is given theirs, and more behind it."""
    first, job = canvas.first()
    parts = [canvas.then(job, fails=fails and at == 0) for at in range(draws.randrange(2, 9))]
    sigs, _ = canvas.links(*canvas.body([part for _, part in parts]), draws.randrange(1, 4))
    return chain(first, group(sig for sig, _ in parts), *sigs)()


KINDS = (a_chain, a_group, a_chord, a_chain_with_a_chord)


def submit(number, draws):
    """Sends a canvas: its name, its result, and its jobs."""
    kind = a_wide_chord if number % ONE_IS_WIDE == 0 else draws.choice(KINDS)
    canvas = Canvas(draws)
    fails = kind is not a_wide_chord and draws.randrange(6) == 0
    return kind.__name__, kind(canvas, draws, fails), canvas.jobs


def check(name, result, jobs):
    """What the results say through the face, as the program's own author would look at them."""
    value = result.get(timeout=PATIENCE, propagate=False)
    by_id = {job["id"]: job for job in jobs}
    for one, said in zip(result.results, value) if name == "a_group" else [(result, value)]:
        job = by_id[one.id]
        if job["end"] == "SUCCESS":
            if not isinstance(said, dict) or said["value"] != job["value"]:
                raise AssertionError(f"{name}: the result of {one.id} is {said!r}, and not {job['value']}")
        elif not isinstance(said, Exception) or one.state != "FAILURE":
            raise AssertionError(f"{name}: {one.id} came to {one.state} {said!r}, and should have failed")
        elif job["code"] is not None and job["type"] == "canvas.total" and not isinstance(said, ChordError):
            raise AssertionError(f"{name}: the body {one.id} of a chord that failed says {said!r}")


def run(lane, options, out, lock, faults):
    draws = random.Random(f"{options.seed}-{lane}")
    sent = []
    try:
        for number in range(lane, options.count, options.lanes):
            sent_at = time.monotonic_ns()
            name, result, jobs = submit(number, draws)
            line = {"kind": name, "sentAt": sent_at, "acceptedAt": time.monotonic_ns(), "jobs": jobs}
            with lock:
                out.write(json.dumps(line) + "\n")
                out.flush()
            sent.append((name, result, jobs))
            time.sleep(draws.random() * options.pause)
        for one in sent:
            check(*one)
    except Exception as error:
        faults.append(f"{type(error).__name__}: {error}")


def main() -> int:
    said = argparse.ArgumentParser()
    said.add_argument("--out", required=True)
    for name in ("seed", "count", "lanes"):
        said.add_argument(f"--{name}", type=int, required=True)
    said.add_argument("--pause", type=float, required=True)
    options = said.parse_args()

    def end_with_standard_input() -> None:
        while os.read(0, 4096):
            pass
        os._exit(99)

    threading.Thread(target=end_with_standard_input, daemon=True).start()
    faults = []
    with open(options.out, "w") as out:
        lock = threading.Lock()
        lanes = [threading.Thread(target=run, args=(lane, options, out, lock, faults)) for lane in range(options.lanes)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    for fault in faults:
        print(fault, file=sys.stderr, flush=True)
    return 1 if faults else 0


sys.exit(main())
