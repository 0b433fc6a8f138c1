"""The worker that ../check.py is run against."""
from orleansjobs import Worker

worker = Worker()


@worker.job("echo")
def echo(job, args):
    return args


@worker.job("fail")
def fail(job, args):
    raise ValueError("broken")


@worker.job("wait")
def wait(job, args):
    job.wait_cancelled(args)
    job.raise_if_cancelled()


if __name__ == "__main__":
    worker.run(threads=4)
