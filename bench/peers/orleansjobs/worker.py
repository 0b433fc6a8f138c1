"""python3 worker.py URL THREADS: our worker in Python, with the jobs that Celery's worker has beside it. It ends with its standard input."""
import json
import os
import sys
import threading
import time

from orleansjobs import Worker

worker = Worker(sys.argv[1])


@worker.job("py-noop")
def noop(job, args):
    return 42


@worker.job("py-1ms")
def rest(job, args):
    time.sleep(0.001)
    return 42


def end_with_standard_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_standard_input, daemon=True).start()
worker.run(threads=int(sys.argv[2]), on_ready=lambda: print(json.dumps({"ready": True}), flush=True))
