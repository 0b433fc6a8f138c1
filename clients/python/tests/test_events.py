"""Live events: any cut of the bytes gives the same events, and a broken stream is taken up where it broke."""
import json
import random
import unittest

from orleansjobs import JobNotFound, Unreachable
from orleansjobs.events import EventParser, Watch
from orleansjobs.exchange import Lost, Response
from tests.test_exchange import RepeatTests, problem


def status(id="a", version=1, state="PROGRESS"):
    return {**RepeatTests.JOB, "id": id, "version": version, "state": state}


def event(id, body):
    return f"id: {id}\ndata: {json.dumps(body)}\n\n".encode()


class ParserTests(unittest.TestCase):
    def test_any_cut_gives_the_same(self):
        text = ": hello\nid: 7\ndata: ä☃\ndata:two\n\nevent: ping\ndata: {}\n\r\nid: 8\r\ndata: x\r\n\r\n\n\ndata\n\n".encode()
        whole = EventParser().feed(text)
        self.assertEqual([("message", "ä☃\ntwo", "7"), ("ping", "{}", "7"), ("message", "x", "8"), ("message", "", "8")], [(e.name, e.data, e.id) for e in whole])
        for seed in range(300):
            chance, parser, found, rest = random.Random(seed), EventParser(), [], text
            while rest:
                size = chance.randint(1, 9)
                found += parser.feed(rest[:size])
                rest = rest[size:]
            self.assertEqual(whole, found, seed)


class WatchTests(unittest.TestCase):
    def setUp(self):
        self.now = 0.0

    def watch(self, *ids):
        return Watch(ids, 30, lambda: self.now)

    def test_goes_on_where_it_broke(self):
        watch = self.watch("a")
        self.assertNotIn("last-event-id", watch.request().headers)
        self.assertTrue(watch.opened(200))
        self.assertEqual([5], [job.version for job in watch.feed(event(5, status(version=5)))])
        self.assertGreater(watch.lost(Lost("cut")), 0)
        self.assertEqual("5", watch.request().headers["last-event-id"])
        self.assertEqual([], watch.feed(event(5, status(version=5))), "nothing is told twice")
        self.assertEqual(["SUCCESS"], [job.state for job in watch.feed(event(6, status(version=6, state="SUCCESS")))])
        watch.closed()
        self.assertTrue(watch.over)

    def test_204_ends_it(self):
        watch = self.watch("a")
        self.assertFalse(watch.opened(204))
        self.assertTrue(watch.over)

    def test_a_stream_that_ends_too_early_is_opened_again(self):
        watch = self.watch("a")
        watch.feed(event(5, status(version=5)))
        self.assertGreater(watch.closed(), 0)
        self.assertFalse(watch.over)
        with self.assertRaises(JobNotFound):
            watch.refused(problem(404, "job-not-found"))

    def test_many_end_with_the_mark(self):
        watch = self.watch("a", "b")
        self.assertEqual("/events?jobs=a,b", watch.request().path)
        watch.feed(event("5:a", status("a", 5, "SUCCESS")) + b"event: ping\ndata: {}\n\n")
        watch.lost(Lost("cut"))
        self.assertEqual("5:a", watch.request().headers["last-event-id"])
        watch.feed(b"id: end:9\n\n")
        watch.closed()
        self.assertTrue(watch.over, "b is gone, and the gateway said that all has been told")

    def test_patience_ends(self):
        watch = self.watch("a")
        with self.assertRaises(Unreachable):
            for _ in range(1000):
                self.now += watch.lost(Lost("refused"))
        self.assertGreater(self.now, 20)
        watch = self.watch("a")
        self.assertGreater(watch.refused(Response(503, {"retry-after": "3"}, b"")), 2.9)

    def test_bounds(self):
        for ids in ((), tuple(str(number) for number in range(101))):
            with self.assertRaises(ValueError):
                self.watch(*ids)


if __name__ == "__main__":
    unittest.main()
