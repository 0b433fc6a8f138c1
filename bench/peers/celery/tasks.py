"""The jobs, and the settings that did best of those tried on this machine."""
import os
import time

from celery import Celery

port = os.environ["BENCH_REDIS_PORT"]
app = Celery("bench", broker=f"redis://127.0.0.1:{port}/0", backend=f"redis://127.0.0.1:{port}/1")
app.conf.update(
    task_default_queue="jobs",
    # 1 is safest, 4 the default; with short tasks more is faster, and beyond 64 nothing is gained.
    worker_prefetch_multiplier=int(os.environ.get("BENCH_PREFETCH", "64")),
    worker_disable_rate_limits=True,
    worker_send_task_events=False,
    task_send_sent_event=False,
    task_ignore_result=False,
    broker_pool_limit=64,
    redis_max_connections=256,
)


@app.task(name="noop")
def noop(n=0, text=None, due=None):
    return 42


@app.task(name="link")
def link(n):
    return n + 1


@app.task(name="join")
def join(numbers):
    return sum(numbers)


@app.task(name="py-noop")
def py_noop(n=0, text=None, due=None):
    return 42


@app.task(name="py-1ms")
def py_1ms(n=0, text=None, due=None):
    time.sleep(0.001)
    return 42


@app.task(name="late")
def late(n=0, text=None, due=None):
    return {"late": time.time() * 1000 - due}


@app.task(name="tick")
def tick(due):
    return {"late": time.time() * 1000 - due}


@app.task(name="hold")
def hold(n=0, text=None, due=None):
    while True:
        time.sleep(1)


@app.task(name="progress", bind=True)
def progress(self, count):
    began = time.perf_counter()
    for i in range(count):
        self.update_state(state="PROGRESS", meta={"current": i, "total": count, "status": "on the way"})
    return time.perf_counter() - began
