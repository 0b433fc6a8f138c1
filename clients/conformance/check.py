#!/usr/bin/env python3
"""Plays the gateway of docs/WORKERS.md to a worker, and says what the worker gets wrong.

    python3 check.py -- python3 my_worker.py

starts the worker once for each row, with ORLEANSJOBS_URL set, and speaks with it as a gateway does on a good day and on bad ones. The worker serves three
types: `echo` returns its arguments, `fail` fails with the message "broken", and `wait` returns after as many seconds as its arguments say, or stops when it is
told to. `--list` names the rows; `--only` runs those whose name has the text. Python's standard library only.
"""
import argparse
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPES = ("echo", "fail", "wait")
MEMBERS = {"session", "seq", "types", "queues", "name", "want", "wait", "holds", "reports", "progress", "logs", "bye"}
OF_REPORTS = {"success": {"result"}, "failure": {"error", "final", "delay"}, "later": {"delay"}, "returned": set(), "waiting": {"wait"}, "cancelled": set()}
TOKEN = 6172839450617283900
PATIENCE = 20.0


class Failed(Exception):
    """What the worker got wrong."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Workers may hang up."""


class Gateway:
    """A gateway with one session. Rows say what it gives, and where it does not answer as it should."""

    def __init__(self):
        self.news = threading.Condition()
        self.calls, self.reports, self.wrong = [], [], []
        self.sessions, self.newest, self.leases, self.given = [], 0, [], set()
        self.cancels, self.stale, self.heartbeat = {}, set(), 1.0
        self.disturb = lambda call: None  # what to do instead of answering: a status with headers, or "hang up"
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                answer = gateway.call(raw) if self.path == "/work" else (200, {}, {"steps": []})
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, body = answer
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json" if status == 200 else "application/problem+json", "content-length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass

            do_PUT = do_GET = do_POST

            def log_message(self, *args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    # What rows ask and say.

    def give(self, job, type, args=None, token=TOKEN):
        with self.news:
            self.leases.append({"id": job, "token": str(token), "type": type, "queue": "default", "attempt": 1, "attempts": 3, "args": args, "submitted": "2026-01-01T00:00:00Z", "unheard-of": {"a": 1}})
            self.news.notify_all()

    def until(self, condition, what, seconds=PATIENCE):
        ends = time.monotonic() + seconds
        with self.news:
            while not condition():
                left = ends - time.monotonic()
                if left <= 0:
                    raise Failed(what)
                self.news.wait(min(left, 0.1))

    def reported(self, job, seconds=PATIENCE):
        """The first report of a job."""
        self.until(lambda: self.of(job), f"the job '{job}' was not reported within {seconds:g} s", seconds)
        return self.of(job)[0]

    def of(self, job):
        return [report for _, report in self.reports if report.get("id") == job]

    def names(self, call, job):
        return any(hold["id"] == job for hold in call.get("holds", ()))

    def fed(self, calls=2, seconds=PATIENCE):
        """So many calls more have come."""
        there = len(self.calls)
        self.until(lambda: len(self.calls) >= there + calls, f"the worker made no {calls} calls within {seconds:g} s", seconds)

    # What the worker hears.

    def call(self, raw):
        try:
            call = json.loads(raw)
        except ValueError:
            self.wrong.append("a body is no JSON")
            return problem(400, "malformed-json")
        with self.news:
            at = time.monotonic()
            self.calls.append((at, call))
            self.wrong += wrong_with(call)
            self.news.notify_all()
            disturbed = self.disturb(call)
            if disturbed is not None:
                return None if disturbed == "hang up" else disturbed
            if "session" not in call:
                self.sessions.append(f"w-{len(self.sessions) + 1:030x}")
                self.newest = 0
                return self.answer(call, [])
            if call["session"] != self.sessions[-1]:
                return problem(404, "session-not-found")
            is_newest = call["seq"] >= self.newest
            self.newest = max(self.newest, call["seq"])
            self.reports += [(at, report) for report in call.get("reports", ())]
            self.news.notify_all()
            ends = at + min(call.get("wait", 0), self.heartbeat)
            leases = []
            while is_newest and call["seq"] == self.newest:
                leases = [lease for lease in self.leases if id(lease) not in self.given][:call.get("want", 0)]
                left = ends - time.monotonic()
                if leases or call.get("reports") or left <= 0 or self.stops(call):
                    break
                self.news.wait(left)
            self.given |= {id(lease) for lease in leases}
            return self.answer(call, leases)

    def stops(self, call):
        return [{**hold, "why": self.cancels[hold["id"]]} for hold in call.get("holds", ()) if hold.get("id") in self.cancels]

    def answer(self, call, leases):
        said = [{"id": report["id"], "token": report["token"], "status": 409 if report["id"] in self.stale else 200} for report in call.get("reports", ())]
        return 200, {}, {"session": call.get("session", self.sessions[-1]), "heartbeat": self.heartbeat, "leases": leases, "reports": said, "cancel": self.stops(call), "unheard-of": [1]}


def problem(status, code, **headers):
    return status, headers, {"type": f"urn:orleansjobs:problem:{code}", "title": code, "status": status, "detail": code}


def mistakes(*pointers):
    """A refusal that says where what is wrong stands."""
    status, headers, body = problem(422, "invalid-member")
    return status, headers, {**body, "errors": [{"pointer": pointer, "detail": "It is too long."} for pointer in pointers]}


def wrong_with(call):
    """What no gateway takes."""
    if not isinstance(call, dict):
        return ["a call is no object"]
    wrong = [f"a call has the member '{name}', which there is not" for name in call if name not in MEMBERS]
    if not isinstance(call.get("seq"), int) or call["seq"] < 1:
        wrong.append("a call has no `seq` of 1 or more")
    if call.get("want", 0) and not call.get("types"):
        wrong.append("a call wants jobs and names no types")
    if not 0 <= call.get("want", 0) <= 1000:
        wrong.append("`want` is not 0 to 1,000")
    if not 0 <= call.get("wait", 0) <= 60:
        wrong.append("`wait` is not 0 to 60")
    if "session" not in call and (call.get("holds") or call.get("reports") or call.get("bye")):
        wrong.append("the call that opens a session holds, reports or says goodbye")
    if call.get("bye") and call.get("want", 0):
        wrong.append("a goodbye wants jobs")
    for part in ("holds", "reports", "progress", "logs"):
        for one in call.get(part, ()):
            if not isinstance(one.get("id"), str) or not isinstance(one.get("token"), str) or not one["token"].isdigit():
                wrong.append(f"{part}: a lease is not named by an id and a token of digits, both strings")
    for report in call.get("reports", ()):
        more = set(report) - {"id", "token", "outcome", "logs"}
        if report.get("outcome") not in OF_REPORTS:
            wrong.append(f"a report has the outcome {report.get('outcome')!r}")
        elif not more <= OF_REPORTS[report["outcome"]]:
            wrong.append(f"a report of '{report['outcome']}' has {', '.join(sorted(more - OF_REPORTS[report['outcome']]))}")
        elif report["outcome"] == "failure" and not isinstance((report.get("error") or {}).get("message", None), (str, type(None))):
            wrong.append("an error's message is no text")
    return wrong


ROWS = {}


def row(name):
    def add(check):
        ROWS[name] = check
        return check

    return add


@row("a session is opened by a call that says what the worker runs")
def opens(gateway, worker):
    gateway.until(lambda: gateway.calls, "no call came")
    types = [one if isinstance(one, str) else one.get("name") for one in gateway.calls[0][1].get("types", ())]
    if not set(TYPES) <= set(types):
        raise Failed(f"the first call names the types {types}")
    gateway.until(lambda: any("session" in call for _, call in gateway.calls), "no call names the session that was opened")


@row("`seq` grows from call to call")
def grows(gateway, worker):
    gateway.fed(6)
    numbers = [call["seq"] for _, call in gateway.calls]
    if any(later <= earlier for earlier, later in zip(numbers, numbers[1:])):
        raise Failed(f"the calls have the numbers {numbers}")


@row("a job is run, and its result is reported")
def runs(gateway, worker):
    args = {"text": "ä☃", "list": [1, None, 2.5, {"x": []}]}
    gateway.give("j-1", "echo", args)
    report = gateway.reported("j-1")
    if report["outcome"] != "success" or report.get("result") != args:
        raise Failed(f"the report is {json.dumps(report)}")


@row("a token comes back as it was, beyond 53 bits")
def tokens(gateway, worker):
    gateway.give("j-1", "echo", 1, TOKEN + 1)
    if gateway.reported("j-1")["token"] != str(TOKEN + 1):
        raise Failed(f"the token is {gateway.of('j-1')[0]['token']}, and was {TOKEN + 1}")


@row("a failure says what went wrong")
def fails(gateway, worker):
    gateway.give("j-1", "fail", {})
    report = gateway.reported("j-1")
    if report["outcome"] != "failure" or "broken" not in (report.get("error") or {}).get("message", ""):
        raise Failed(f"the report is {json.dumps(report)}")


@row("what runs is named in `holds`, call by call, until it is reported")
def holds(gateway, worker):
    gateway.give("j-1", "wait", 2.5)
    gateway.until(lambda: any(gateway.names(call, "j-1") for _, call in gateway.calls), "no call names the job in `holds`")
    gateway.reported("j-1")
    seen = [gateway.names(call, "j-1") or any(report["id"] == "j-1" for report in call.get("reports", ())) for _, call in gateway.calls]
    if not all(seen[seen.index(True):]):
        raise Failed("a call between the job's arrival and its report does not name it")


@row("there is a call in each heartbeat while a job runs")
def heartbeats(gateway, worker):
    gateway.give("j-1", "wait", 3.5)
    gateway.reported("j-1")
    times = [at for at, call in gateway.calls if "session" in call]
    longest = max(later - earlier for earlier, later in zip(times, times[1:]))
    if longest > 1.8 * gateway.heartbeat:
        raise Failed(f"{longest:.1f} s lie between two calls, and the heartbeat is {gateway.heartbeat:g} s")


@row("what was reported is named in `holds` no more, and not reported again once it was answered")
def strikes(gateway, worker):
    gateway.give("j-1", "echo", 1)
    gateway.reported("j-1")
    there = len(gateway.calls)
    gateway.fed(3)
    if any(gateway.names(call, "j-1") or any(report["id"] == "j-1" for report in call.get("reports", ())) for _, call in gateway.calls[there + 1:]):
        raise Failed("a later call names it again")


@row("a lease that comes twice is run once")
def twice(gateway, worker):
    for _ in range(2):
        gateway.give("j-1", "wait", 1.5)
    gateway.reported("j-1")
    gateway.give("j-1", "wait", 0.2)
    gateway.fed(5)
    if len(gateway.of("j-1")) > 1:
        raise Failed(f"it was reported {len(gateway.of('j-1'))} times")


@row("a report is sent again where its call was answered 503")
def unavailable(gateway, worker):
    refused = []
    gateway.disturb = lambda call: refused.append(call) or problem(503, "unavailable") if call.get("reports") and not refused else None
    gateway.give("j-1", "echo", 7)
    if gateway.reported("j-1").get("result") != 7:
        raise Failed("what came again is something else")


@row("a report is sent again where its call had no answer")
def lost_answer(gateway, worker):
    lost = []
    gateway.disturb = lambda call: lost.append(call) or "hang up" if call.get("reports") and not lost else None
    gateway.give("j-1", "echo", 7)
    if gateway.reported("j-1").get("result") != 7:
        raise Failed("what came again is something else")


@row("what runs is held through calls that had no answer")
def hang_up(gateway, worker):
    gateway.give("j-1", "wait", 2.5)
    gateway.until(lambda: any(gateway.names(call, "j-1") for _, call in gateway.calls), "no call names the job in `holds`")
    lost = []
    gateway.disturb = lambda call: lost.append(call) or "hang up" if len(lost) < 2 else None
    if gateway.reported("j-1")["outcome"] != "success":
        raise Failed("the job did not end well")


@row("`Retry-After` of a 429 is honoured")
def patience(gateway, worker):
    gateway.fed(1)
    refused = []
    gateway.disturb = lambda call: refused.append(time.monotonic()) or problem(429, "rate-limited", **{"retry-after": "2"}) if not refused else None
    gateway.until(lambda: refused, "no call came")
    there = len(gateway.calls)
    gateway.until(lambda: len(gateway.calls) > there, "no call came after the 429")
    if gateway.calls[there][0] - refused[0] < 1.8:
        raise Failed(f"the next call came after {gateway.calls[there][0] - refused[0]:.1f} s, and was asked for after 2 s")


@row("a session that is gone is opened anew")
def reopens(gateway, worker):
    gateway.fed(1)
    with gateway.news:
        gateway.sessions.append("w-" + "f" * 30)
    gateway.until(lambda: sum("session" not in call for _, call in gateway.calls) > 1, "no new session was opened")
    gateway.give("j-1", "echo", 1)
    gateway.reported("j-1")


@row("what is cancelled is stopped and reported")
def cancelled(gateway, worker):
    gateway.give("j-1", "wait", 60)
    gateway.until(lambda: any(gateway.names(call, "j-1") for _, call in gateway.calls), "no call names the job in `holds`")
    gateway.cancels["j-1"] = "cancelled"
    if gateway.reported("j-1", 8)["outcome"] not in ("cancelled", "failure"):
        raise Failed(f"the report is {json.dumps(gateway.of('j-1')[0])}")


@row("what is lost is stopped, and held no more")
def lost(gateway, worker):
    gateway.give("j-1", "wait", 60)
    gateway.until(lambda: any(gateway.names(call, "j-1") for _, call in gateway.calls), "no call names the job in `holds`")
    gateway.cancels["j-1"] = "lost"
    gateway.stale.add("j-1")
    gateway.until(lambda: not gateway.names(gateway.calls[-1][1], "j-1"), "calls go on to name it in `holds`", 8)
    gateway.give("j-2", "echo", 2)
    gateway.reported("j-2")


@row("a result that the grid refuses fails its job, and no other")
def refused_result(gateway, worker):
    def refuse(call):
        places = [at for at, report in enumerate(call.get("reports", ())) if report.get("result") == "too long"]
        return mistakes(*[f"/reports/{at}/result" for at in places]) if places else None

    gateway.disturb = refuse
    for job, args in (("j-1", "too long"), ("j-2", 2)):
        gateway.give(job, "echo", args)
    if gateway.reported("j-2").get("result") != 2:
        raise Failed(f"the report of the other job is {json.dumps(gateway.of('j-2')[0])}")
    if gateway.reported("j-1")["outcome"] != "failure":
        raise Failed(f"the report is {json.dumps(gateway.of('j-1')[0])}")


@row("a call that is refused for something else loses no report")
def refused_elsewhere(gateway, worker):
    refused = []

    def refuse(call):
        if call.get("reports") and len(refused) < 3:
            refused.append(time.monotonic())
            return mistakes("/types/0")
        return None

    gateway.disturb = refuse
    gateway.give("j-1", "echo", 7)
    report = gateway.reported("j-1")
    if report["outcome"] != "success" or report.get("result") != 7:
        raise Failed(f"the report is {json.dumps(report)}")
    if refused[-1] - refused[0] < 0.08:
        raise Failed(f"{len(refused)} calls that were refused came within {refused[-1] - refused[0]:.3f} s")


@row("a report that is refused with 409 is dropped")
def refused(gateway, worker):
    gateway.stale.add("j-1")
    gateway.give("j-1", "echo", 1)
    gateway.reported("j-1")
    there = len(gateway.calls)
    gateway.fed(3)
    if any(report["id"] == "j-1" for _, call in gateway.calls[there + 1:] for report in call.get("reports", ())):
        raise Failed("it is reported again")


@row("SIGTERM lets what runs end, takes nothing more, and says goodbye")
def goodbye(gateway, worker):
    gateway.give("j-1", "wait", 2)
    gateway.until(lambda: any(gateway.names(call, "j-1") for _, call in gateway.calls), "no call names the job in `holds`")
    there = len(gateway.calls)
    worker.send_signal(signal.SIGTERM)
    gateway.until(lambda: any(call.get("bye") for _, call in gateway.calls), "no goodbye came")
    outcomes = [report["outcome"] for report in gateway.of("j-1")]
    if outcomes not in (["success"], ["returned"]):
        raise Failed(f"the job was reported as {outcomes}")
    if any(call.get("want", 0) > 0 for _, call in gateway.calls[there + 1:]):
        raise Failed("it goes on to want jobs")
    try:
        worker.wait(10)
    except subprocess.TimeoutExpired:
        raise Failed("the worker has said goodbye and does not end") from None


def run(name, command):
    """What the worker gets wrong; None: nothing."""
    gateway = Gateway()
    worker = subprocess.Popen(command, env={**os.environ, "ORLEANSJOBS_URL": gateway.url}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    said = []
    listening = threading.Thread(target=lambda: said.extend(worker.stderr), daemon=True)
    listening.start()
    try:
        ROWS[name](gateway, worker)
        return "; ".join(dict.fromkeys(gateway.wrong)) or None
    except Failed as failed:
        ended = f"; it had ended with {worker.returncode}" if worker.poll() not in (None, 0) else ""
        return "; ".join([str(failed), *dict.fromkeys(gateway.wrong)]) + ended + ("".join(["\n    " + line.rstrip() for line in said[-5:]]))
    finally:
        try:
            os.killpg(worker.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        worker.wait()
        gateway.server.shutdown()
        gateway.server.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="names the rows")
    parser.add_argument("--only", default="", help="rows whose name has this text")
    parser.add_argument("--at-a-time", type=int, default=6, help="rows, each with a worker of its own")
    parser.add_argument("command", nargs="*", help="starts the worker")
    options = parser.parse_args()
    names = [name for name in ROWS if options.only in name]
    if options.list:
        print("\n".join(names))
        return 0
    if not options.command or not names:
        parser.error("say how the worker is started: check.py -- python3 my_worker.py")
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(options.at_a_time) as pool:
        for name, wrong in zip(names, pool.map(lambda name: run(name, options.command), names)):
            failures += wrong is not None
            print(f"ok      {name}" if wrong is None else f"FAILED  {name}: {wrong}", flush=True)
    print(f"{len(names) - failures} of {len(names)} rows hold.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
