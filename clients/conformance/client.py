#!/usr/bin/env python3
"""A worker that does what check.py asks, in as few lines as that takes; with `--without DEFECT` it has just that defect. Python's standard library only."""
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

DEFECT = sys.argv[2] if sys.argv[1:2] == ["--without"] else ""
URL = os.environ["ORLEANSJOBS_URL"] + "/work"
lock = threading.Lock()
running, outbox, done = {}, {}, set()  # by id and token: how to stop it; its report; what was reported and answered
state = {"session": None, "seq": 0, "heartbeat": 1.0, "stopping": False, "struck": {}}


def work(lease, key, stop):
    if lease["type"] == "fail":
        report = {"outcome": "failure", "error": {"message": "oh" if DEFECT == "message" else "broken"}}
    elif lease["type"] == "wait" and stop.wait(lease["args"]):
        report = {"outcome": "cancelled"}
    else:
        report = {"outcome": "success", "result": None if DEFECT == "result" else lease["args"]}
    with lock:
        if running.pop(key, None) or DEFECT == "twice":
            outbox[key] = report


def call(want, bye=False):
    with lock:
        state["seq"] += 0 if DEFECT == "seq" and state["seq"] > 2 else 1
        token = (lambda text: str(int(float(text)))) if DEFECT == "token" else str
        body = {"seq": state["seq"], "types": ["echo", "fail"] if DEFECT == "types" else ["echo", "fail", "wait"]}
        sent = dict(outbox) if state["session"] else {}
        if state["session"]:
            held = {**running, **(state["struck"] if DEFECT == "strike" else {})}
            body.update(session=state["session"], want=want, wait=min(0.4, state["heartbeat"] / 2), bye=bye)
            body["holds"] = [] if DEFECT == "holds" else [{"id": one[0], "token": token(one[1])} for one in held]
            body["reports"] = [{"id": one[0], "token": token(one[1]), **report} for one, report in sent.items()]
        if DEFECT == "once":
            outbox.clear()
        state["sent"] = list(sent)
    answer = json.load(urllib.request.urlopen(urllib.request.Request(URL, json.dumps(body).encode(), {"content-type": "application/json"}), timeout=30))
    with lock:
        state.update(session=answer["session"], heartbeat=answer["heartbeat"])
        for said in answer["reports"]:
            key = said["id"], said["token"]
            if not (DEFECT == "refused" and said["status"] == 409):
                outbox.pop(key, None)
            done.add(key)
            state["struck"][key] = None
        for cancel in answer["cancel"]:
            key = cancel["id"], cancel["token"]
            if key in running and DEFECT != "cancel":
                running[key].set()
                if cancel["why"] == "lost":
                    running.pop(key)
        for lease in answer["leases"]:
            key = lease["id"], lease["token"]
            if key in running or key in outbox or key in done:
                if DEFECT != "twice":
                    continue
            running[key] = threading.Event()
            threading.Thread(target=work, args=(lease, key, running[key]), daemon=True).start()


def refuse(places):
    """Results that the grid does not take."""
    with lock:
        for at, key in enumerate(state["sent"]):
            if DEFECT != "stubborn" and any(place[1:3] == ["reports", str(at)] for place in places) or DEFECT == "hasty" and places:
                outbox[key] = {"outcome": "failure", "error": {"message": "The grid refused the result."}, "final": True}


def main():
    signal.signal(signal.SIGTERM, lambda *_: state.update(stopping=True))
    while not state["stopping"] or running and DEFECT != "leave":
        try:
            call(1 if DEFECT == "greedy" or not state["stopping"] else 0)
            if DEFECT == "silent" and running:
                time.sleep(2.5)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if problem["type"].endswith("session-not-found") and DEFECT != "session":
                state["session"] = None
            refuse([str(mistake.get("pointer")).split("/") for mistake in problem.get("errors", ())])
            if DEFECT == "once":
                continue
            time.sleep(0.05 if DEFECT == "hurry" else float(error.headers.get("retry-after", 0.1)))
        except OSError:
            if DEFECT == "hang up":
                running.clear()
            time.sleep(0.1)
    if DEFECT != "bye":
        call(0, bye=True)


main()
