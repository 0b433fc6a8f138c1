"""What becomes of leases that wait for a slot, and of a worker whose grid is away. Needs no grid."""
import asyncio
import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from orleansjobs.address import Address
from orleansjobs.worker import Worker
from orleansjobs.worker.definitions import Definition
from orleansjobs.worker.session import Session
from orleansjobs.worker.slots import Slots


class StuckPool:
    slots = 1

    def start(self, lease):
        pass

    def stop(self, key, why):
        pass


class SlotsTests(unittest.TestCase):
    def test_what_has_not_begun_and_has_no_time_left_is_handed_back(self):
        session = Session([{"name": "t"}], None, None)
        leases = [{"id": f"j{number}", "token": str(number), "type": "t"} for number in range(3)]
        answer = session.answered(session.call(0, 0), {"session": "s", "leases": leases})
        slots = Slots(session, {"t": Definition("t", lambda job, args: None)}, StuckPool(), None, lambda: 0.0, lambda seconds, action: None, lambda: None)
        slots.arrived(answer.leases)
        slots.stop(("j1", "1"), "timeout")
        slots.stop(("j2", "2"), "cancelled")
        self.assertEqual({("j1", "1"): "returned", ("j2", "2"): "cancelled"}, {key: report["outcome"] for key, report in session.outbox.items()})


    def test_what_a_gate_holds_back_for_long_is_handed_back_and_not_asked_for(self):
        session = Session([{"name": "slow"}, {"name": "quick"}], None, None)
        leases = [{"id": f"j{number}", "token": str(number), "type": "slow"} for number in range(4)]
        answer = session.answered(session.call(0, 0), {"session": "s", "leases": leases})
        delays, timers, news = [0.0, 0.5, 6.0, 6.0], [], []

        class Pool(StuckPool):
            slots = 8

        definitions = {name: Definition(name, lambda job, args: None) for name in ("slow", "quick")}
        slots = Slots(session, definitions, Pool(), lambda lease, now: delays.pop(0), lambda: 0.0, lambda seconds, action: timers.append((seconds, action)), lambda: news.append(1))
        slots.arrived(answer.leases)
        self.assertEqual({("j2", "2"): "returned", ("j3", "3"): "returned"}, {key: report["outcome"] for key, report in session.outbox.items()})
        self.assertEqual(["quick"], json.loads(session.call(slots.wanted(), 1).body)["types"])
        self.assertEqual([0.5, 5.0], [seconds for seconds, _ in timers])
        before = len(news)
        timers[1][1]()
        self.assertEqual((["slow", "quick"], before + 1), (json.loads(session.call(1, 1).body)["types"], len(news)))


class Busy(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(503)
        self.send_header("retry-after", "600")
        self.send_header("content-length", "0")
        self.end_headers()
        self.server.asked.set()

    def log_message(self, *said):
        pass


class AwayTests(unittest.TestCase):
    def test_who_is_to_stop_does_not_sleep_for_as_long_as_a_proxy_asks_for(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
        server.asked = threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        worker = Worker(f"http://127.0.0.1:{server.server_port}")
        worker.job("t")(lambda job, args: None)
        running = threading.Thread(target=lambda: worker.run(), daemon=True)
        running.start()
        self.assertTrue(server.asked.wait(30))
        worker.stop()
        running.join(30)
        self.assertFalse(running.is_alive())


if __name__ == "__main__":
    unittest.main()
