"""How workers and clients end: what is still under way when a thread, a loop or a process is over. Needs no grid."""
import asyncio
import json
import os
import queue
import threading
import unittest
from unittest import mock

from orleansjobs.address import Address
from orleansjobs.errors import Unreachable
from orleansjobs.wire import Wire
from orleansjobs.exchange import Response
from orleansjobs.worker import Worker
from orleansjobs.worker import runner as runner_module
from orleansjobs.worker.checkpoints import Checkpoints
from orleansjobs.worker.definitions import Definition
from orleansjobs.worker.local import LocalPool
from orleansjobs.worker.runner import Runner
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


class Gateway:
    """In place of a wire: gives one lease, and keeps what is said."""

    def __init__(self, held, said):
        self._held, self._said = held, said
        self._given = False

    async def send(self, request):
        call = json.loads(request.body)
        if call.get("bye"):
            self._said.append(("bye", [report["outcome"] for report in call.get("reports", ())]))
        leases = [{"id": "a", "token": "1", "type": "t", "attempt": 1, "attempts": 3, "args": None}] if call.get("want") and not self._given else []
        self._given = self._given or bool(leases)
        if any(hold["id"] == "a" for hold in call.get("holds", ())):
            self._held.set()
        if call.get("wait"):
            await asyncio.sleep(0.05)
        reports = [{"id": report["id"], "token": report["token"], "status": 200} for report in call.get("reports", ())]
        return Response(200, {}, json.dumps({"session": "s", "heartbeat": 1, "leases": leases, "reports": reports, "cancel": []}).encode())

    async def close(self):
        pass


class AnnouncementTests(unittest.TestCase):
    def test_keys_of_a_type(self):
        worker = Worker("http://localhost:1", release="1")
        worker.job("t", key="tenant/{tenantId}", weight=3)(lambda job, args: None)
        self.assertEqual({"name": "t", "key": "tenant/{tenantId}", "weight": 3, "release": "1"}, worker.definitions()["t"].announcement("1"))


class SecondSignalTests(unittest.TestCase):
    """Who is told twice to stop hands back what runs, and that is due at once elsewhere: so it is ended here first."""

    def run_twice_told(self, definition, pool_of=None, begun=None):
        held, said = threading.Event(), []
        worker = Worker("http://localhost:1")
        worker.add(definition)
        make = Runner.__init__

        def init(runner, address, session, definitions, pool, *more, **named):
            make(runner, address, session, definitions, pool_of(said) if pool_of is not None else pool, *more, **named)

        with mock.patch.object(runner_module, "AsyncWire", lambda address: Gateway(held, said)), mock.patch.object(Runner, "__init__", init):
            thread = threading.Thread(target=worker.run, daemon=True)
            thread.start()
            self.assertTrue((begun or held).wait(PATIENCE))
            worker.stop()
            worker.stop()
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive())
        return said

    def test_threads_and_coroutines_are_told_and_what_they_return_then_is_no_result(self):
        why = queue.Queue()
        begun = threading.Event()

        def waits(job, args):
            begun.set()
            job.wait_cancelled(PATIENCE)
            why.put(job.stop_reason)

        async def sleeps(job, args):
            begun.set()
            try:
                await asyncio.sleep(PATIENCE)
            finally:
                why.put(job.stop_reason)

        for handler in (waits, sleeps):
            begun.clear()
            self.assertEqual([("bye", ["returned"])], self.run_twice_told(Definition("t", handler), begun=begun))
            self.assertEqual("returned", why.get(timeout=PATIENCE))

    def test_who_does_not_heed_it_is_ended_before_the_goodbye(self):
        class Pool:
            slots = 1

            def __init__(self, said):
                self._said = said

            def start(self, lease):
                pass

            def stop(self, key, why):
                self._said.append((key[0], why))

            def close(self):
                self._said.append("close")

        said = self.run_twice_told(Definition("t", lambda job, args: None), lambda said: lambda runner: Pool(said))
        self.assertEqual([("a", "returned"), "close", ("bye", [])], said[:3])


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
