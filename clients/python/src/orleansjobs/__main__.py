"""`python -m orleansjobs worker module:worker`."""
from __future__ import annotations

import argparse
import logging
import sys
from typing import List, Optional

from .address import VERSION
from .errors import GridError
from .worker.loading import load
from .worker.printing import write_lines
from .worker.worker import Worker


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m orleansjobs", description="Runs jobs of an OrleansJobs grid.")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    worker = commands.add_parser("worker", help="serve the jobs of a worker until SIGTERM")
    worker.add_argument("worker", help="where it is, such as shop.jobs:worker")
    slots = worker.add_mutually_exclusive_group()
    slots.add_argument("--threads", type=int, help="how many jobs run at a time, on threads (8)")
    slots.add_argument("--processes", type=int, help="how many jobs run at a time, each alone in a child process")
    slots.add_argument("--tasks", type=int, help="how many coroutines run at a time")
    worker.add_argument("--drain", type=float, help="seconds that running jobs have to end after SIGTERM (no limit)")
    worker.add_argument("--queues", help="the queues to serve, with commas between them (all)")
    worker.add_argument("--name", help="what the worker goes by")
    worker.add_argument("--url", help="the gateway (ORLEANSJOBS_URL, else http://localhost:8080)")
    worker.add_argument("--log-level", default="INFO")
    options = parser.parse_args(arguments)
    write_lines()
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        found = load(options.worker, "worker")
    except (ImportError, AttributeError) as error:
        print(f"There is no worker at {options.worker}: {error}", file=sys.stderr)
        return 2
    if not isinstance(found, Worker):
        print(f"{options.worker} is no Worker, but a {type(found).__name__}.", file=sys.stderr)
        return 2
    found.url = options.url or found.url
    found.name = options.name or found.name
    found.queues = options.queues.split(",") if options.queues else found.queues
    log = logging.getLogger("orleansjobs.worker")
    try:
        found.run(
            threads=options.threads, processes=options.processes, tasks=options.tasks, drain=options.drain, spec=options.worker,
            on_ready=lambda: log.info("Serving %s.", ", ".join(sorted(found.definitions()))))
    except (GridError, ValueError) as error:
        print(f"The worker cannot run: {error}", file=sys.stderr)
        return 6 if isinstance(error, GridError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
