"""`python -m orleansjobs.celery -A app worker`."""
from __future__ import annotations

import argparse
import logging
import os
import sys
from types import ModuleType
from typing import Any, List, Optional, Tuple

from ..address import VERSION, Address
from ..errors import GridError
from ..worker.checkpoints import Checkpoints
from ..worker.loading import load, spec_of
from ..worker.local import LocalPool, Pool
from ..worker.printing import write_lines
from ..worker.processes import ProcessPool
from ..worker.runner import Runner
from ..worker.worker import Worker
from . import signals
from .app import INCLUDE, SOFT_LIMIT, Celery
from .exceptions import CeleryError, not_here

POOLS = ("prefork", "processes", "threads", "solo")
OTHER_COMMANDS = ("inspect", "control", "events", "purge", "status", "shell", "multi", "flower", "call", "result", "amqp", "graph", "list", "logtool", "migrate")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m orleansjobs.celery", description="The worker of a Celery application whose broker is a grid.")
    top.add_argument("-A", "--app", help="the application, such as proj or proj.tasks:app")
    top.add_argument("-b", "--broker", help="the grid's address")
    top.add_argument("--version", action="version", version=VERSION)
    commands = top.add_subparsers(dest="command", required=True)
    worker = commands.add_parser("worker")
    worker.add_argument("-A", "--app", dest="app_behind")
    worker.add_argument("-c", "--concurrency", type=int)
    worker.add_argument("-P", "--pool")
    worker.add_argument("-Q", "--queues")
    worker.add_argument("-n", "--hostname")
    worker.add_argument("-l", "--loglevel", default="WARNING")
    worker.add_argument("-B", "--beat", action="store_true")
    worker.add_argument("-E", "--task-events", "--events", action="store_true")
    worker.add_argument("-O", dest="optimization")
    worker.add_argument("--max-tasks-per-child", "--maxtasksperchild", type=int)
    worker.add_argument("--time-limit", type=float)
    worker.add_argument("--soft-time-limit", type=float)
    worker.add_argument("--without-gossip", action="store_true")
    worker.add_argument("--without-mingle", action="store_true")
    worker.add_argument("--without-heartbeat", action="store_true")
    worker.add_argument("-f", "--logfile")
    worker.add_argument("--pidfile")
    worker.add_argument("--autoscale", type=lambda text: int(text.split(",")[0]), help="as many processes as it may be at most")
    worker.add_argument("-I", "--include")
    worker.add_argument("-D", "--detach", action="store_true")
    for ignored in (("-s", "--schedule"), ("--scheduler",), ("-S", "--statedb"), ("--prefetch-multiplier",), ("--heartbeat-interval",)):
        worker.add_argument(*ignored, help="means nothing here")
    for quiet in (("-q", "--quiet"), ("--no-color",)):
        worker.add_argument(*quiet, action="store_true", help="means nothing here")
    beat = commands.add_parser("beat")
    beat.add_argument("-A", "--app", dest="app_behind")
    beat.add_argument("--once", action="store_true", help="put the schedules, and end")
    beat.add_argument("-l", "--loglevel", default="WARNING")
    for ignored in (("-s", "--schedule"), ("-S", "--scheduler"), ("--max-interval",), ("--pidfile",), ("-f", "--logfile")):
        beat.add_argument(*ignored, help="means nothing here")
    for name in OTHER_COMMANDS:
        commands.add_parser(name, add_help=False)
    return top


def find(spec: str) -> Tuple[Celery, str]:
    """`proj:app`, `proj.app`, or a module with an application in it, or a package with one in its module `celery`."""
    if ":" in spec:
        return load(spec, "app"), spec
    try:
        module: Any = load(spec + ":__name__", "") and sys.modules[spec]
    except ModuleNotFoundError:
        name, _, attribute = spec.rpartition(".")
        if not name:
            raise
        return load(f"{name}:{attribute}", ""), f"{name}:{attribute}"
    for attribute in ("app", "celery"):
        found = getattr(module, attribute, None)
        if isinstance(found, Celery):
            return found, f"{spec}:{attribute}"
        if isinstance(found, ModuleType) and isinstance(getattr(found, "app", None), Celery):
            return found.app, f"{found.__name__}:app"
    for attribute, found in vars(module).items():
        if isinstance(found, Celery):
            return found, f"{spec}:{attribute}"
    if hasattr(module, "__path__"):
        return find(spec + ".celery")
    raise AttributeError(f"there is no Celery application in {spec}")


def serve(app: Celery, arguments: List[str], spec: Optional[str] = None) -> None:
    options = parser().parse_args(arguments)
    if options.command == "beat":
        from .beat.command import beat
        beat(app, options.once)
        return
    if options.command != "worker":
        raise not_here(f"celery {options.command}", "see the grid's console and its tool, orleansjobs")
    from .running import HOSTNAME, hostname

    if options.detach:
        raise not_here("--detach", "start it under a supervisor, such as systemd")
    if options.time_limit:
        app.conf.task_time_limit = options.time_limit
    if options.soft_time_limit:
        app.conf.task_soft_time_limit = options.soft_time_limit
        os.environ[SOFT_LIMIT] = str(options.soft_time_limit)
    if options.hostname:
        os.environ[HOSTNAME] = options.hostname
    if options.include:
        os.environ[INCLUDE] = options.include
    logging.basicConfig(
        level=options.loglevel.upper(), format="[%(asctime)s: %(levelname)s/%(processName)s] %(message)s", filename=_file(options.logfile, hostname()))
    pid = _file(options.pidfile, hostname())
    try:
        if pid:
            with open(pid, "w") as file:
                file.write(f"{os.getpid()}\n")
        run(app, options, spec)
    finally:
        if pid and os.path.exists(pid):
            os.remove(pid)


def _file(name: Optional[str], worker: str) -> Optional[str]:
    """A file's name as Celery writes it: %n is the worker's name before the @, %h all of it, %i and %I, which number its processes, are nothing."""
    for what, value in (("%n", worker.partition("@")[0]), ("%h", worker), ("%d", worker.partition("@")[2].partition(".")[2]), ("%I", ""), ("%i", "")):
        name = name.replace(what, value) if name else None
    return name


def run(app: Celery, options: argparse.Namespace, spec: Optional[str]) -> None:
    from .limits import RateLimits
    from .processdeath import hard_limit, over_limit, process_died

    kind = options.pool or app.conf.worker_pool or "prefork"
    if kind not in POOLS:
        raise not_here(f"the pool {kind}", f"there are {', '.join(POOLS)}")
    slots = 1 if kind == "solo" else options.concurrency or options.autoscale or app.conf.worker_concurrency or os.cpu_count() or 1
    definitions = app.definitions()
    if not definitions:
        raise CeleryError("the application has no tasks: import their modules, or name them in include")
    address = Address(app.url(), app._key(), None)
    name = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in options.hostname) if options.hostname else None
    queues = options.queues.split(",") if options.queues else [getattr(queue, "name", queue) for queue in app.conf.task_queues or ()] or None
    worker = Worker(address.url, app._key(), name=name, queues=queues)
    for definition in definitions.values():
        worker.add(definition)
    where = spec or (spec_of(app) if kind in ("prefork", "processes") else "")
    log = logging.getLogger("orleansjobs.celery")

    def pool(runner: Runner) -> Pool:
        if kind in ("threads", "solo"):
            if any(task.time_limit or task.soft_time_limit for task in app.tasks.values()):
                log.warning("Time limits need processes: a thread cannot be stopped.")
            return LocalPool(definitions, slots, runner)
        return ProcessPool(
            where, address.url, app._key(), slots, runner, runner.later, kill_after=0, on_death=process_died(app), limits=hard_limit(app),
            on_limit=over_limit(app), max_jobs=options.max_tasks_per_child or app.conf.worker_max_tasks_per_child)

    def ready() -> None:
        log.info("%s ready.", worker.name or "celery")
        signals.worker_ready.send(sender=worker)

    if app.conf.beat_schedule:
        from .beat.putting import put_all
        log.info("beat: %d periodic tasks are schedules of the grid.", len(put_all(app)))
    signals.worker_init.send(sender=worker)
    gate = RateLimits(app) if any(task.rate_limit for task in app.tasks.values()) else None
    try:
        worker.serve(Runner(address, worker.session(), definitions, pool, Checkpoints(address.url, app._key()), gate, ready))
    finally:
        signals.worker_shutdown.send(sender=worker)


def main(arguments: Optional[List[str]] = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_known_args(given)[0]
    spec = options.app or getattr(options, "app_behind", None)
    if options.command in OTHER_COMMANDS:
        error = not_here(f"celery {options.command}", "see the grid's console and its tool")
        print(f"Error: {error}", file=sys.stderr)
        return 2
    if not spec:
        print("Error: name the application: -A module", file=sys.stderr)
        return 2
    write_lines()
    try:
        if options.broker:
            os.environ["ORLEANSJOBS_URL"] = options.broker
        app, where = find(spec)
        serve(app, given, where)
    except (ImportError, AttributeError) as error:
        print(f"Error: there is no Celery application at {spec}: {error}", file=sys.stderr)
        return 2
    except (CeleryError, GridError, ValueError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
