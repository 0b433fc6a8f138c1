#!/usr/bin/env python3
"""Starts a job over HTTP and asks after it until it ends. Python 3.8 or later, nothing else.

    python3 poll.py longtask '{"steps": 20, "stepMs": 100}'

ORLEANSJOBS_URL and ORLEANSJOBS_KEY name the gateway and the API key. Prints the result to the standard output and progress to the
standard error. Exit code: 0 succeeded, 1 failed or cancelled, 2 wrong arguments, 6 the gateway did not answer or refused.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = os.environ.get("ORLEANSJOBS_URL", "http://localhost:8080")
KEY = os.environ.get("ORLEANSJOBS_KEY")
PATIENCE = 60  # seconds without an answer before it is given up


def ask(method, address, body=None, headers=()):
    """One request, sent again while the gateway is away. Returns headers and JSON; raises HTTPError where it refuses."""
    request = urllib.request.Request(address, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Accept", "application/json")
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if KEY:
        request.add_header("Authorization", "Bearer " + KEY)
    for name, value in headers:
        request.add_header(name, value)
    given_up = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.headers, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429) and error.code < 500 or time.monotonic() > given_up:
                raise
            wait = float(error.headers.get("Retry-After", 1))
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            if time.monotonic() > given_up:
                raise
            wait = 1
        time.sleep(wait)


def run(job_type, args):
    # Should the answer be lost, the same key finds the same job instead of starting another.
    key = [("Idempotency-Key", '"%s"' % uuid.uuid4())]
    headers, job = ask("POST", URL + "/jobs", {"type": job_type, "args": args}, key)
    address = urllib.parse.urljoin(URL + "/", headers["Location"])
    while job["state"] in ("PENDING", "PROGRESS"):
        percent = 100 * job["current"] // job["total"]
        print("%3d%%  %s" % (percent, job["status"]), file=sys.stderr)
        time.sleep(min(float(headers.get("Retry-After", 1)), 2))
        headers, job = ask("GET", address)
    return job


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        args = json.loads(sys.argv[2]) if len(sys.argv) == 3 else {}
    except ValueError as error:
        print("The arguments are not JSON: %s" % error, file=sys.stderr)
        return 2
    try:
        job = run(sys.argv[1], args)
    except urllib.error.HTTPError as error:
        print("The gateway answered %d: %s" % (error.code, error.read().decode(errors="replace")), file=sys.stderr)
        return 6
    except OSError as error:
        print("The gateway at %s did not answer: %s" % (URL, error), file=sys.stderr)
        return 6
    if "result" in job:
        print(json.dumps(job["result"]))
        return 0
    print("%s: %s" % (job["state"], job.get("error", {}).get("message", job["status"])), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
