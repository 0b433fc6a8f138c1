"""Flows, jobs that follow others, and signals, against a grid."""
import asyncio
import unittest

from orleansjobs import AsyncClient, Client, Conflict, InvalidRequest, JobFailed, JobNotFound, flow_job, literal, ref, submission
from tests.cutter import Cutter
from tests.grid import GridTest, unique

QUICK = {"steps": 2, "stepMs": 5}


class FlowTests(GridTest):
    def test_a_flow_runs_and_is_shown(self):
        job = self.client.submit_flow([
            flow_job("split", "wordcount", {"text": "to be or not to be"}),
            flow_job("a", "longtask", QUICK, after=["split"], weight=3),
            flow_job("b", "longtask", QUICK, after=[{"job": "split", "on": "end"}]),
            flow_job("sum", "sum", {"values": [ref("a.result"), ref("b.result")]}),
        ], {"sum": ref("sum.result"), "said": literal({"$ref": "nothing"})}, tags={"kind": "test"})
        self.assertEqual({"sum": 84, "said": {"$ref": "nothing"}}, self.client.result(job.id, timeout=60))
        flow = self.client.flow(job.id)
        self.assertEqual((job.id, "SUCCESS"), (flow.id, flow.state))
        self.assertEqual(["split", "a", "b", "sum"], [one.name for one in flow.jobs])
        self.assertEqual({"SUCCESS"}, {one.state for one in flow.jobs})
        self.assertEqual(84, self.client.result(flow["sum"].id))
        with self.assertRaises(KeyError):
            flow["nobody"]

    def test_one_job_for_each(self):
        job = self.client.submit_flow([
            flow_job("word", "longtask", {"steps": ref("each.value"), "stepMs": 1}, each=[1, 2, 3]),
            flow_job("sum", "sum", {"values": ref("word.result")}),
        ], ref("sum.result"))
        self.assertEqual(126, self.client.result(job.id, timeout=60))
        self.assertEqual({"total": 3, "started": 3, "succeeded": 3, "failed": 0}, self.client.flow(job.id)["word"].children)

    def test_what_fails_is_said(self):
        job = self.client.submit_flow([
            flow_job("a", "wordcount", {"text": "to be"}), flow_job("b", "longtask", {"steps": ref("a.result/no/such")})], on_failure="continue")
        with self.assertRaises(JobFailed) as raised:
            self.client.result(job.id, timeout=60)
        self.assertEqual("bad_args", raised.exception.code)
        self.assertEqual("SKIPPED", self.client.flow(job.id)["b"].state)

    def test_what_is_wrong_is_refused(self):
        with self.assertRaises(InvalidRequest) as raised:
            self.client.submit_flow([flow_job("a", "longtask", after=["b"]), flow_job("b", "longtask", after=["a"])])
        self.assertIn("/jobs/", raised.exception.pointer)
        with self.assertRaises(JobNotFound):
            self.client.flow(unique("never-was"))

    def test_a_lost_answer_makes_no_second_flow(self):
        cutter = Cutter(lambda number, request: "cut answer" if number == 0 else "pass")
        self.addCleanup(cutter.close)
        name = unique("flow")
        with Client(cutter.url) as client:
            job = client.submit_flow([flow_job("a", "longtask", QUICK)], ref("a.result"), tags={"run": name})
            self.assertEqual(42, client.result(job.id, timeout=60))
        self.assertEqual(1, cutter.cuts)
        self.assertEqual([job.id], [found.id for found in self.client.list(tags={"run": name})])

    def test_for_asyncio(self):
        async def run():
            async with AsyncClient(self.client.url) as client:
                job = await client.submit_flow([flow_job("a", "longtask", QUICK)], ref("a.result"))
                self.assertEqual(42, await client.result(job.id, timeout=60))
                self.assertEqual("SUCCESS", (await client.flow(job.id))["a"].state)

        asyncio.run(run())


class AfterTests(GridTest):
    def test_jobs_that_follow_others(self):
        first = self.client.submit("longtask", QUICK, countdown=3600)
        met = self.client.submit("longtask", QUICK, after=[{"job": first.id, "on": "failure"}])
        unmet = self.client.submit("longtask", QUICK, after=[first.id], on_unmet="cancel")
        self.assertEqual([{"what": "job", "id": first.id}], met.raw["waitingFor"])
        self.client.cancel(first.id)
        self.assertEqual("SUCCESS", self.client.wait(met.id, 60).state)
        self.assertEqual("REVOKED", self.client.wait(unmet.id, 60).state)

    def test_a_batch_that_is_a_chain(self):
        names = [unique("chain") for _ in range(3)]
        chain = [submission("longtask", QUICK, id=name, after=names[index - 1:index] if index else []) for index, name in enumerate(names)]
        self.assertEqual(names[::-1], [job.id for job in self.client.batch(reversed(chain))])
        ended = [self.client.wait(name, 60) for name in names]
        self.assertEqual(["SUCCESS"] * 3, [job.state for job in ended])
        self.assertLessEqual(ended[0].finished_at, ended[1].started_at)


class SignalTests(GridTest):
    def waiting(self):
        job = self.client.submit("trip", {"to": "Rome"})
        self.until(job.id, lambda seen: any(reason["what"] == "signal" for reason in seen.raw.get("waitingFor", ())), "the wait for a signal")
        return job.id

    def test_a_flow_goes_on_when_its_signal_comes(self):
        trip = self.waiting()
        self.client.signal(trip, "confirmed", False)
        with self.assertRaises(JobFailed) as raised:
            self.client.result(trip, timeout=60)
        self.assertIn("changed their mind", str(raised.exception))
        with self.assertRaises(Conflict) as raised:
            self.client.signal(trip, "confirmed", True)
        self.assertEqual("wrong-state", raised.exception.code)

    def test_a_signal_whose_answer_is_lost_comes_once(self):
        replayed = []
        cutter = Cutter(lambda number, request: replayed.append(request) or ("cut answer" if number == 0 else "pass"))
        self.addCleanup(cutter.close)
        job = self.client.submit("longtask", QUICK, countdown=3600)
        with Client(cutter.url) as client:
            client.signal(job.id, "a name/with a slash", {"by": "me"})
        self.assertEqual(2, len(replayed))
        keys = {line for request in replayed for line in request.split(b"\r\n") if line.lower().startswith(b"idempotency-key")}
        self.assertEqual(1, len(keys), "the repeat has the key of the first")

    def test_for_asyncio(self):
        async def run():
            async with AsyncClient(self.client.url) as client:
                await client.signal(trip, "confirmed", False)

        trip = self.waiting()
        asyncio.run(run())
        self.assertEqual("FAILURE", self.client.wait(trip, 60).state)


if __name__ == "__main__":
    unittest.main()
