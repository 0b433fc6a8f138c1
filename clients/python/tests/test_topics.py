"""Topics, against a grid."""
import asyncio
import unittest

from orleansjobs import AsyncClient, BindingNotFound, Client, Conflict, InvalidRequest
from tests.cutter import Cutter
from tests.grid import GridTest, unique

QUICK = {"steps": 2, "stepMs": 5}


class TopicTests(GridTest):
    def setUp(self):
        self.word = unique("word")
        self.binding = unique("binding")

    def test_an_event_is_a_job_of_each_binding_that_fits(self):
        made = self.client.put_binding(self.binding, f"{self.word}.*.created", "longtask")
        self.addCleanup(lambda: self.client.delete_binding(self.binding))
        self.assertEqual((self.binding, "longtask", "default", None), (made.id, made.type, made.queue, made.args))
        self.assertEqual(made, self.client.binding(self.binding))
        self.assertIn(self.binding, [one.id for one in self.client.bindings()])
        told = self.client.publish(f"{self.word}.eu.created", QUICK, event_id="order-7")
        self.assertEqual(("order-7", f"{self.word}.eu.created", False), (told.event, told.key, told.replayed))
        self.assertEqual(42, self.client.result(told.jobs[self.binding], timeout=60))
        again = self.client.publish(f"{self.word}.eu.created", QUICK, event_id="order-7")
        self.assertEqual((told.jobs, True), (again.jobs, again.replayed))
        with self.assertRaises(Conflict):
            self.client.publish(f"{self.word}.eu.created", {"steps": 3}, event_id="order-7")
        self.assertEqual({}, self.client.publish(f"{self.word}.eu.gone", QUICK).jobs)

    def test_bindings_go_once(self):
        self.client.put_binding(self.binding, f"{self.word}.#", "longtask", {"to": "x"}, queue="mail")
        self.assertEqual({"to": "x"}, self.client.binding(self.binding).args)
        self.client.delete_binding(self.binding)
        with self.assertRaises(BindingNotFound):
            self.client.binding(self.binding)
        with self.assertRaises(BindingNotFound):
            self.client.delete_binding(self.binding)

    def test_what_is_wrong_is_refused(self):
        for pattern, type, pointer in (("a..b", "longtask", "/pattern"), ("#", "nobody", "/type")):
            with self.assertRaises(InvalidRequest) as raised:
                self.client.put_binding(self.binding, pattern, type)
            self.assertEqual(pointer, raised.exception.pointer)

    def test_a_lost_answer_makes_no_second_job(self):
        self.client.put_binding(self.binding, f"{self.word}.#", "longtask")
        self.addCleanup(lambda: self.client.delete_binding(self.binding))
        cutter = Cutter(lambda number, request: "cut answer" if number == 0 else "pass")
        self.addCleanup(cutter.close)
        with Client(cutter.url) as client:
            told = client.publish(f"{self.word}.x", QUICK)
        self.assertTrue(told.replayed, "the first made it, and the second found it")

    def test_the_same_without_threads(self):
        async def run():
            async with AsyncClient(self.client.url) as client:
                await client.put_binding(self.binding, f"{self.word}.#", "longtask")
                told = await client.publish(f"{self.word}.x", QUICK)
                found = [one.id async for one in client.bindings()]
                await client.delete_binding(self.binding)
                return told, found

        told, found = asyncio.run(run())
        self.assertIn(self.binding, told.jobs)
        self.assertIn(self.binding, found)


if __name__ == "__main__":
    unittest.main()
