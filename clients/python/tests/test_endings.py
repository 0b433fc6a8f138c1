"""How workers and clients end: what is still under way when a thread, a loop or a process is over. Needs no grid."""
import asyncio
import os
import queue
import threading
import unittest

from orleansjobs.address import Address
from orleansjobs.errors import Unreachable
from orleansjobs.wire import Wire
from orleansjobs.worker.checkpoints import Checkpoints
from orleansjobs.worker.definitions import Definition
from orleansjobs.worker.local import LocalPool
from orleansjobs.worker.session import Lease
from tests.grid import free_port

PATIENCE = 30


class CheckpointsTests(unittest.TestCase):
    def test_who_asks_for_a_checkpoint_while_the_grid_is_away_ends_with_the_worker(self):
        checkpoints = Checkpoints(f"http://127.0.0.1:{free_port()}", None)
        ended = queue.Queue()

        def save():
            try:
                checkpoints.save("s", Lease("a", "1", "t", "q", 1, 3, None, {}), 1)
            except Exception as error:
                ended.put(error)

        threading.Thread(target=save, daemon=True).start()
        with self.assertRaises(queue.Empty):
            ended.get(timeout=0.5)  # it asks on
        checkpoints.close()
        self.assertIsInstance(ended.get(timeout=PATIENCE), Unreachable)


class Sink:
    def __init__(self):
        self.reports = queue.Queue()

    def done(self, key, report):
        self.reports.put((key, report))


class LocalPoolTests(unittest.TestCase):
    def test_a_coroutine_that_is_stopped_before_its_first_step_is_told_of(self):
        async def never(job, args):
            raise AssertionError("it was to stop")

        definition = Definition("t", never)
        for why, outcome in (("cancelled", "cancelled"), ("timeout", "returned")):
            sink = Sink()
            pool = LocalPool({"t": definition}, 1, sink)
            begin = pool._begin

            def between(loop, definition, job, pool=pool, begin=begin, why=why):
                begin(loop, definition, job)
                job.stop(why)
                pool._cancel(job._lease.key)

            pool._begin = between
            lease = Lease("a", "1", "t", "q", 1, 3, None, {})
            pool.start(lease)
            self.assertEqual((lease.key, {"outcome": outcome}), sink.reports.get(timeout=PATIENCE))
            pool.close()


class ForkTests(unittest.TestCase):
    def test_a_client_is_good_after_a_fork_that_came_while_another_thread_asked(self):
        wire = Wire(Address("http://localhost:1", None, None))
        with wire._lock:  # as that thread would hold it
            child = os.fork()
            if child == 0:
                ended = threading.Event()
                threading.Thread(target=lambda: (wire._take(), ended.set()), daemon=True).start()
                os._exit(0 if ended.wait(5) else 1)
        self.assertEqual(0, os.waitpid(child, 0)[1])


if __name__ == "__main__":
    unittest.main()
