"""A session without a wire: what is said, what is kept, and what becomes of calls that are lost, late, repeated or refused."""
import json
import random
import unittest

from orleansjobs.errors import InvalidRequest, JobNotFound, Mistake
from orleansjobs.worker.session import MAX_HELD, Session
from orleansjobs.worker.signals import Encoded, Failure, GiveUp, RetryLater, report_of_error, report_of_result


def opened(heartbeat=10):
    session = Session([{"name": "t", "queue": "q"}], ["q"], "w")
    call = session.call(5, 10)
    session.answered(call, {"session": "s", "heartbeat": heartbeat, "leases": [], "reports": [], "cancel": []})
    return session


def lease(number, token=None):
    return {"id": f"j{number}", "token": str(token or 100 + number), "type": "t", "queue": "q", "attempt": 1, "attempts": 3, "args": number}


def says(call):
    return json.loads(call.body)


def reply(session, call, **more):
    reports = [{"id": report["id"], "token": report["token"], "status": 200} for report in says(call).get("reports", ())]
    return session.answered(call, {"session": "s", "heartbeat": 10, "leases": [], "reports": reports, "cancel": [], **more})


class SessionTests(unittest.TestCase):
    def test_opens_with_objects_and_goes_on_with_names(self):
        session = Session([{"name": "t", "queue": "q"}], None, None)
        first = session.call(5, 10)
        self.assertEqual({"seq": 1, "types": [{"name": "t", "queue": "q"}]}, says(first))
        reply(session, first)
        self.assertEqual({"session": "s", "seq": 2, "types": ["t"], "want": 5, "wait": 10, "holds": []}, says(session.call(5, 10)))

    def test_a_lease_is_started_once_and_held_until_it_is_reported(self):
        session = opened()
        call = session.call(5, 10)
        self.assertEqual(["j1"], [found.id for found in reply(session, call, leases=[lease(1)]).leases])
        again = session.call(5, 10)
        self.assertEqual([{"id": "j1", "token": "101"}], says(again)["holds"])
        self.assertEqual((), reply(session, again, leases=[lease(1)]).leases, "it was on its way twice")
        session.report(("j1", "101"), report_of_result({"a": 1}))
        third = session.call(5, 10)
        self.assertEqual([], says(third)["holds"])
        self.assertEqual([{"id": "j1", "token": "101", "outcome": "success", "result": {"a": 1}}], says(third)["reports"])
        self.assertEqual(0, says(third)["wait"])
        lost = session.call(5, 10)
        self.assertEqual(says(third)["reports"], says(lost)["reports"], "said until it is answered")
        reply(session, lost)
        self.assertEqual((), reply(session, session.call(1, 0), leases=[lease(1)]).leases, "a late answer brings what is long done")
        self.assertEqual(["j1"], [found.id for found in reply(session, session.call(1, 0), leases=[lease(1, 999)]).leases], "a higher token is another lease")

    def test_lines_are_told_once_answered_and_the_last_go_with_the_report(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        key = ("j1", "101")
        session.say(key, {"lines": [{"n": 1, "text": "one", "level": "information"}]})
        self.assertTrue(session.lines.has_news)
        first = session.call(5, 10)
        self.assertEqual([{"id": "j1", "token": "101", "from": 1, "lines": [{"text": "one", "level": "information"}]}], says(first)["logs"])
        self.assertEqual(0, says(first)["wait"], "what has lines is answered at once")
        self.assertNotIn("logs", says(session.call(5, 10)), "they are under way")
        session.failed(first)
        session.say(key, {"current": 1, "total": 2, "lines": [{"n": 2, "text": "two", "level": "warning"}]})
        second = session.call(5, 10)
        self.assertEqual((1, ["one", "two"]), (says(second)["logs"][0]["from"], [line["text"] for line in says(second)["logs"][0]["lines"]]))
        self.assertEqual([{"id": "j1", "token": "101", "current": 1, "total": 2}], says(second)["progress"])
        reply(session, second)
        session.say(key, {"lines": [{"n": 3, "text": "three", "level": "error"}]})
        session.report(key, report_of_result(7))
        end = session.call(5, 10)
        self.assertEqual({"from": 3, "lines": [{"text": "three", "level": "error"}]}, says(end)["reports"][0]["logs"])
        self.assertNotIn("logs", says(end))
        reply(session, end)
        self.assertFalse(session.lines.has_news)

    def test_only_the_newest_lines_wait(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        for number in range(1, 501):
            session.say(("j1", "101"), {"lines": [{"n": number, "text": str(number), "level": "debug"}]})
        told = says(session.call(5, 10))["logs"][0]
        self.assertEqual((301, 200), (told["from"], len(told["lines"])))

    def test_a_grid_that_knows_no_lines_is_told_none_and_no_job_fails_for_it(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        session.say(("j1", "101"), {"lines": [{"n": 1, "text": "one", "level": "debug"}]})
        session.report(("j1", "101"), report_of_result(7))
        call = session.call(0, 0)
        self.assertTrue(session.refused(call, InvalidRequest("invalid-member", 422, "no", mistakes=(Mistake("There is no such member.", "/reports/0/logs"),))))
        again = says(session.call(0, 0))
        self.assertEqual([{"id": "j1", "token": "101", "outcome": "success", "result": 7}], again["reports"])

    def test_a_grid_that_knows_no_traces_is_told_none(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        session.report(("j1", "101"), Failure("no", "E", trace="at a.f (a.py:1)").report())
        call = session.call(0, 0)
        self.assertEqual("at a.f (a.py:1)", says(call)["reports"][0]["error"]["trace"])
        self.assertTrue(session.refused(call, InvalidRequest("invalid-member", 422, "no", mistakes=(Mistake("There is no such member.", "/reports/0/error/trace"),))))
        self.assertEqual({"message": "no", "type": "E"}, says(session.call(0, 0))["reports"][0]["error"])

    def test_a_trace_has_the_programs_own_frames_first(self):
        try:
            json.loads("{")
        except ValueError as error:
            lines = report_of_error(error, None)["error"]["trace"].split("\n")
        self.assertRegex(lines[0], r"^at test_session\.test_a_trace_has_the_programs_own_frames_first \(test_session\.py:\d+\)$")
        self.assertRegex(lines[1], r"^at decoder\.")
        self.assertTrue(all("/" not in line for line in lines))

    def test_what_is_lost_is_dropped(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1), lease(2)])
        answer = reply(session, session.call(0, 10), cancel=[{"id": "j1", "token": "101", "why": "lost"}, {"id": "j2", "token": "102", "why": "cancelled"}])
        self.assertEqual([("j1", "lost"), ("j2", "cancelled")], [(stop.key[0], stop.why) for stop in answer.stops])
        session.report(("j1", "101"), report_of_result(1))
        self.assertEqual({}, session.outbox)
        call = session.call(0, 10)
        self.assertEqual([{"id": "j2", "token": "102"}], says(call)["holds"])
        self.assertEqual((), reply(session, call, cancel=[{"id": "j2", "token": "102", "why": "cancelled"}]).stops, "told once")

    def test_progress_is_merged_and_said_again_after_a_loss(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        key = ("j1", "101")
        session.say(key, {"current": 1, "total": 2, "message": "m", "data": {"x": 1}})
        session.say(key, {"current": 2, "total": 2})
        call = session.call(5, 10)
        self.assertEqual([{"id": "j1", "token": "101", "current": 2, "total": 2, "message": "m", "data": {"x": 1}}], says(call)["progress"])
        self.assertFalse(session.has_news)
        session.say(key, {"current": 3, "total": 3})
        session.failed(call)
        self.assertEqual({"current": 3, "total": 3, "message": "m", "data": {"x": 1}}, session.progress[key])
        session.say(("other", "1"), {"current": 1, "total": 1})
        self.assertEqual([key], list(session.progress))

    def test_the_last_progress_goes_with_the_report(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        session.say(("j1", "101"), {"current": 9, "total": 9})
        session.report(("j1", "101"), report_of_result(None))
        said = says(session.call(5, 10))
        self.assertEqual(9, said["progress"][0]["current"])
        self.assertEqual("success", said["reports"][0]["outcome"])

    def test_a_refused_report_becomes_a_failure(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1), lease(2)])
        session.report(("j1", "101"), report_of_result("fine"))
        session.report(("j2", "102"), report_of_result("huge"))
        call = session.call(0, 0)
        refused = InvalidRequest("invalid-member", 422, "too long", mistakes=(Mistake("too long", "/reports/1/result"),))
        self.assertTrue(session.refused(call, refused))
        self.assertEqual(["success", "failure"], [report["outcome"] for report in says(session.call(0, 0))["reports"]])
        self.assertTrue(session.refused(call, refused))
        self.assertEqual(["success", "returned"], [report["outcome"] for report in says(session.call(0, 0))["reports"]], "that, too, was refused")

    def test_a_goodbye_is_said_by_the_call_that_carries_the_last_of_the_reports(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(number) for number in range(5)])
        for key in list(session.held):
            session.report(key, report_of_result("x" * 1_500_000))
        calls = []
        while not (calls and calls[-1].is_bye):
            calls.append(session.call(0, 0, bye=True))
            self.assertLess(len(calls[-1].body), 4 << 20)
            self.assertEqual("bye" in says(calls[-1]), len(calls[-1].reports) == len(session.outbox))
            reply(session, calls[-1])
        self.assertEqual((3, 0), (len(calls), len(session.held)))

    def test_reports_go_alone_until_those_of_the_refused_call_are_gone(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(number) for number in range(4)])
        for key in list(session.held):
            session.report(key, report_of_result(1))
        self.assertTrue(session.refused(session.call(0, 0), InvalidRequest("malformed-json", 413, "too long")))
        probe = session.call(1, 10)
        self.assertEqual((0, False), (len(probe.reports), probe.waits), "whatever says no news has to be answered first")
        reply(session, probe)
        for left in range(4):
            news = session.call(1, 0)  # there is always something new
            self.assertEqual((1, len(session.held) - 1), (len(news.reports), len(says(news)["holds"])), "what is not said to have ended is held")
            reply(session, news, leases=[lease(10 + left)])
            session.report((f"j{10 + left}", str(110 + left)), report_of_result(2))
        self.assertEqual(4, len(session.call(0, 0).reports))

    def test_a_gateway_that_gives_fewer_leases_at_a_time_is_asked_for_fewer(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        session.report(("j1", "101"), report_of_result("fine"))
        refused = InvalidRequest("invalid-member", 422, "too many", mistakes=(Mistake("It is 0 to 100.", "/want"),))
        call = session.call(1000, 10)
        self.assertEqual(500, call.want)
        self.assertTrue(session.refused(call, refused))
        said = says(session.call(1000, 10))
        self.assertEqual((100, ["success"]), (said["want"], [report["outcome"] for report in said["reports"]]))
        idle = opened()  # without news there is nothing that it could be but the number
        self.assertTrue(idle.refused(idle.call(1000, 10), refused))
        self.assertEqual(100, idle.call(1000, 10).want)

    def test_lines_with_errors_are_counted_as_the_bytes_that_they_take(self):
        session = opened()
        reply(session, session.call(10, 10), leases=[lease(number) for number in range(10)])
        for key in session.held:
            for number in range(1, 201):
                session.say(key, {"lines": [{"n": number, "text": "it broke", "level": "error", "error": {"type": "E", "message": "\u0416" * 2000}}]})
        told = {}
        while session.lines.has_news:
            call = session.call(0, 0)
            self.assertLess(len(call.body), 1 << 20)
            for said in says(call)["logs"]:
                told.setdefault(said["id"], []).extend(range(said["from"], said["from"] + len(said["lines"])))
            reply(session, call)
        self.assertEqual({f"j{number}": list(range(1, 201)) for number in range(10)}, told, "each once, in their order")
        for key in session.held:
            session.say(key, {"lines": [{"n": 200 + number, "text": "\u0416" * 2000, "level": "error"} for number in range(1, 201)]})
            session.report(key, report_of_result("x" * (1 << 20)))
        while session.held:
            call = session.call(0, 0)
            self.assertLess(len(call.body), 4 << 20)
            self.assertEqual(400, (lambda logs: logs["from"] + len(logs["lines"]) - 1)(says(call)["reports"][0]["logs"]), "the newest of them go with the report")
            reply(session, call)

    def test_lines_that_are_refused_are_not_said_again_and_cost_no_report_anything(self):
        too_long = InvalidRequest("too-large", 413, "too long")
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1), lease(2)])
        session.say(("j1", "101"), {"lines": [{"n": 1, "text": "long", "level": "debug"}]})
        call = session.call(0, 0)
        session.failed(call)
        self.assertTrue(session.refused(call, too_long))
        self.assertNotIn("logs", says(session.call(0, 0)))
        session.say(("j1", "101"), {"lines": [{"n": 2, "text": "long", "level": "debug"}]})
        session.say(("j2", "102"), {"lines": [{"n": 1, "text": "long", "level": "debug"}]})
        session.report(("j1", "101"), report_of_result(7))
        for _ in range(6):
            call = session.call(0, 0)
            if b"long" in call.body:
                session.failed(call)
                self.assertTrue(session.refused(call, too_long))
            elif call.reports:
                break
            else:
                reply(session, call)
        self.assertEqual([{"id": "j1", "token": "101", "outcome": "success", "result": 7}], says(call)["reports"])

    def test_what_is_wrong_elsewhere_touches_no_report(self):
        for pointer in ("/types/0", "/queues", "/session", "", "/seq", "/holds/0/token"):
            session = opened()
            reply(session, session.call(5, 10), leases=[lease(1), lease(2)])
            session.report(("j1", "101"), report_of_result("fine"))
            session.say(("j2", "102"), {"current": 1, "total": 9})
            for _ in range(4):
                call = session.call(0, 0)
                session.failed(call)
                self.assertFalse(session.refused(call, InvalidRequest("invalid-member", 422, "no", mistakes=(Mistake("no", pointer),))), "it is to rest")
            said = says(session.call(0, 0))
            self.assertEqual(([{"id": "j1", "token": "101", "outcome": "success", "result": "fine"}], 1), (said["reports"], said["progress"][0]["current"]), pointer)

    def test_what_is_refused_whatever_it_says_is_an_outage(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        session.report(("j1", "101"), report_of_result("fine"))
        answers = []
        for _ in range(6):
            call = session.call(0, 0)
            session.failed(call)
            answers.append(session.refused(call, InvalidRequest("bad-request", 400, "a proxy's")))
        self.assertEqual([True] + [False] * 5, answers)
        reply(session, session.call(0, 0))
        self.assertEqual([{"id": "j1", "token": "101", "outcome": "success", "result": "fine"}], says(session.call(0, 0))["reports"])

    def test_progress_of_a_call_has_its_bound_too(self):
        session = opened()
        for start in range(0, 400, 100):
            reply(session, session.call(100, 10), leases=[lease(start + number) for number in range(100)])
        for key in session.held:
            session.say(key, {"current": 1, "total": 1, "data": "x" * 4000})
        told = 0
        while session.progress:
            call = session.call(0, 0)
            self.assertLess(len(call.body), 1 << 20)
            told += len(call.progress)
            reply(session, call)
        self.assertEqual(400, told)

    def test_refused_progress_is_not_said_again(self):
        for refused in (InvalidRequest("invalid-member", 422, "too long", mistakes=(Mistake("too long", "/progress/1/data"),)), InvalidRequest("malformed-json", 400, "too deep")):
            session = opened()
            reply(session, session.call(5, 10), leases=[lease(1), lease(2)])
            session.say(("j1", "101"), {"current": 1, "total": 9})
            session.say(("j2", "102"), {"current": 2, "total": 9, "data": "too much"})
            call = session.call(0, 0)
            session.failed(call)
            self.assertTrue(session.refused(call, refused))
            again = says(session.call(0, 0)).get("progress", [])
            self.assertEqual(["j1"] if refused.mistakes else [], [said["id"] for said in again])

    def test_words_are_counted_as_the_grid_counts_them(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        session.say(("j1", "101"), {"current": 1, "total": 9, "data": "\u0416" * 2000})
        self.assertLess(len(session.call(0, 0).body), 4500)
        session.say(("j1", "101"), {"message": "half \ud800"})
        self.assertEqual("half ?", says(session.call(0, 0))["progress"][0]["message"])

    def test_where_no_place_is_named_reports_go_one_by_one(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(number) for number in range(4)])
        for number in range(4):
            session.report((f"j{number}", str(100 + number)), report_of_result("bad" if number == 2 else number))
        malformed = InvalidRequest("malformed-json", 400, "nested too deep")
        ended = {}
        for _ in range(20):
            if not session.has_news:
                break
            call = session.call(0, 0)
            said = says(call).get("reports", [])
            if any(report.get("result") == "bad" for report in said):
                self.assertTrue(session.refused(call, malformed))
                continue
            ended.update({report["id"]: report["outcome"] for report in said})
            reply(session, call)
        self.assertEqual({"j0": "success", "j1": "success", "j2": "failure", "j3": "success"}, ended)

    def test_an_unknown_session_is_opened_anew(self):
        session = opened()
        reply(session, session.call(5, 10), leases=[lease(1)])
        self.assertTrue(session.refused(session.call(1, 1), JobNotFound("session-not-found", 404)))
        opening = says(session.call(5, 10))
        self.assertEqual({"seq", "types", "queues", "name"}, set(opening))
        self.assertFalse(session.refused(session.call(1, 1), JobNotFound("session-not-found", 404)), "an opening has nothing to be mended")

    def test_bounds(self):
        session = opened()
        self.assertEqual(500, says(session.call(5000, 1))["want"])
        for number in range(MAX_HELD - 30):
            reply(session, session.call(1, 0), leases=[lease(number)])
        self.assertEqual(30, says(session.call(100, 1))["want"])
        for number in range(MAX_HELD - 30):
            session.report((f"j{number}", str(100 + number)), {"outcome": "success", "result": Encoded('"' + "x" * 10_000 + '"')})
        call = session.call(0, 0)
        self.assertLess(len(call.body), 4 << 20)
        self.assertEqual(MAX_HELD - 30, len(call.reports) + len(says(call)["holds"]))

    def test_drawn_losses_start_each_lease_once_and_report_it_for_certain(self):
        for seed in range(150):
            self.play(random.Random(seed), seed)

    def play(self, chance, seed):
        """A grid that does as docs/WORKERS.md says, and a wire that loses, delays and repeats."""
        session = opened()
        waiting = [lease(number) for number in range(30)]
        out, stored, started, late = {}, {}, {}, []
        for turn in range(2000):
            if not waiting and not out and not session.held:
                break
            for key in [key for key in started if key in session.held and key not in session.outbox and chance.random() < 0.4]:
                session.report(key, report_of_result(key[0]))
            for key in session.held:
                if chance.random() < 0.3:
                    session.say(key, {"current": turn, "total": 2000})
            call = session.call(chance.randint(0, 4), 10)
            said = says(call)
            if chance.random() < 0.2:
                session.failed(call)
                continue  # never arrived
            answers = []
            for report in said.get("reports", ()):
                key = (report["id"], report["token"])
                if key in out:
                    del out[key]
                    stored[key] = report
                answers.append({"id": key[0], "token": key[1], "status": 200 if stored.get(key) == report else 409})
            held = {(hold["id"], hold["token"]) for hold in said["holds"]}
            self.assertLessEqual({key for key in started if key in out} - held, set(), f"seed {seed}: a running lease was not named")
            leases = [raw for key, raw in out.items() if key not in held][: said["want"]]
            while waiting and len(leases) < said["want"]:
                raw = waiting.pop()
                out[(raw["id"], raw["token"])] = raw
                leases.append(raw)
            answer = {"session": "s", "heartbeat": 10, "leases": leases, "reports": answers, "cancel": []}
            if chance.random() < 0.2:
                session.failed(call)
                if chance.random() < 0.5:
                    late.append((call, answer))
                continue
            for which, what in [(call, answer)] + ([late.pop()] if late and chance.random() < 0.5 else []):
                for found in session.answered(which, what).leases:
                    self.assertNotIn(found.key, started, f"seed {seed}")
                    started[found.key] = True
        self.assertEqual((30, 30, 0, 0), (len(started), len(stored), len(session.held), len(out)), f"seed {seed}")


class ReportTests(unittest.TestCase):
    def test_errors(self):
        self.assertEqual({"outcome": "later", "delay": 30.0}, report_of_error(RetryLater(30), None))
        self.assertEqual({"outcome": "failure", "error": {"message": "no", "type": "GiveUp"}, "final": True}, report_of_error(GiveUp("no"), None))
        self.assertEqual({"outcome": "failure", "error": {"message": "x", "type": "ValueError"}}, report_of_error(ValueError("x"), None))
        self.assertEqual({"outcome": "failure", "error": {"message": "ValueError", "type": "ValueError"}}, report_of_error(ValueError(), None))
        self.assertEqual({"outcome": "cancelled"}, report_of_error(ValueError("x"), "cancelled"))
        self.assertEqual("timeout", report_of_error(ValueError("x"), "timeout")["error"]["code"])
        with self.assertRaises(ValueError):
            RetryLater(-1)

    def test_words_that_would_break_a_call(self):
        message = report_of_error(ValueError("\udc80" + "x" * 10_000), None)["error"]["message"]
        message.encode()
        self.assertEqual(4000, len(message))
        self.assertEqual(Failure("y").report(), {"outcome": "failure", "error": {"message": "y"}})

    def test_results(self):
        self.assertEqual('{"a":[1,null],"b":"\u0436"}', report_of_result({"a": (1, None), "b": "\u0436"})["result"])
        deep = []
        for _ in range(100):
            deep = [deep]
        around = []
        around.append(around)
        for bad in ({1}, "\ud800", float("nan"), float("inf"), object(), deep, around):
            report = report_of_result(bad)
            self.assertEqual(("failure", True), (report["outcome"], report["final"]), repr(bad)[:50])
        self.assertEqual("success", report_of_result('[[[[["{{{{' + "[" * 100)["outcome"], "brackets within strings are no depth")


if __name__ == "__main__":
    unittest.main()
