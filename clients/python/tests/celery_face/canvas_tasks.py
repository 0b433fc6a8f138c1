"""Tasks that canvases are made of, written against Celery."""
from celery import chain, chord, group
from celery.exceptions import Ignore

from programs import add, app, mark, wait_for


@app.task
def mul(x, y):
    return x * y


@app.task
def tsum(numbers):
    return sum(numbers)


@app.task
def listed(value):
    return [value]


@app.task
def says(*args, **kwargs):
    return [list(args), kwargs]


@app.task
def constant():
    return "constant"


@app.task
def fails(*args):
    raise ValueError(f"failed {list(args)}")


@app.task(bind=True, max_retries=3)
def third_time(self, value):
    if self.request.retries < 2:
        raise self.retry(exc=ValueError("not yet"), countdown=0.05)
    return value


@app.task(bind=True, max_retries=1)
def never(self, value):
    raise self.retry(exc=ValueError(f"never {value}"), countdown=0.05)


@app.task
def holds(name, value):
    wait_for(name)
    return value


@app.task
def marks_value(value, name):
    mark(name, str(value))
    return value


@app.task(ignore_result=True)
def unkept(value):
    return value + 1


@app.task
def says_nothing():
    raise Ignore()


@app.task
def old_errback(task_id):
    mark("errback-" + task_id, "old")


@app.task
def new_errback(request, exc, traceback):
    mark("errback-" + request.id, f"new {request.task} {list(request.args)} {exc!r}")


@app.task
def named_errback(request, exc, traceback, name):
    mark(name, f"{type(exc).__name__} {exc}")


@app.task(bind=True)
def bound_errback(self, task_id):
    mark("errback-" + task_id, f"bound {self.name}")


@app.task(bind=True)
def lineage(self, *args):
    request = self.request
    return [request.id, request.parent_id, request.root_id, request.group]


@app.task
def calls_a_chain(x):
    return chain(add.s(x, 1), mul.s(10)).delay().id


@app.task
def calls_a_chord(numbers):
    return chord([add.s(number, 1) for number in numbers])(tsum.s()).id


@app.task
def calls_a_group(numbers):
    return [result.id for result in group(add.s(number, 1) for number in numbers)()]


@app.task
def calls_a_group_of_lineages():
    return [result.id for result in group(lineage.s(), lineage.s())()]


@app.task
def takes_a_signature(sig):
    from celery import signature
    return signature(sig).delay().id
