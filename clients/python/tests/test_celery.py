"""The face of Celery beside Celery itself: the same programs, the same calls, the same answers."""
import json
import tempfile
import unittest
from pathlib import Path

from tests.grid import TESTS, Program, redis_server, url

SOURCES = TESTS / "celery_face"


class Side:
    """One of the two: its programs, its worker, its answers."""

    def __init__(self, place: Path, broker: str, worker: "list[str]", change_import: bool) -> None:
        self.folder = place
        marks = place / "marks"
        marks.mkdir(parents=True)
        for file in ("programs.py", "canvas_tasks.py", "rows.py", "canvas_rows.py"):
            text = (SOURCES / file).read_text()
            if change_import:
                # Nothing else is changed.
                text = text.replace("from celery", "from orleansjobs.celery")
            (place / file).write_text(text)
        self.env = {"BROKER": broker, "MARKS": str(marks)}
        self.env.update({} if change_import else {"ORLEANSJOBS_URL": ""})
        self.worker = Program("-m", *worker, "-A", "programs", "worker", "-c", "4", "-Q", "celery,other", "-l", "INFO", env=self.env, cwd=str(place))
        self.worker.wait_for("ready.")
        self.caller = Program("rows.py", "answers.json", env=self.env, cwd=str(place))

    def answers(self):
        if self.caller.wait(300) != 0:
            raise AssertionError(self.caller.output + "\n" + self.worker.output[-3000:])
        return json.loads((self.folder / "answers.json").read_text())

    def close(self):
        self.caller.__exit__()
        self.worker.__exit__()


class CeleryTable(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="orleansjobs-celery-")
        cls.addClassCleanup(cls.place.cleanup)
        folder = Path(cls.place.name)
        redis = redis_server(str(folder))
        port = redis.__enter__()
        cls.addClassCleanup(redis.__exit__, None, None, None)
        theirs = Side(folder / "celery", f"redis://127.0.0.1:{port}/0", ["celery"], change_import=False)
        cls.addClassCleanup(theirs.close)
        ours = Side(folder / "grid", url(), ["orleansjobs.celery"], change_import=True)
        cls.addClassCleanup(ours.close)
        cls.ours, cls.theirs = ours.answers(), theirs.answers()

    def test_every_row_is_there(self):
        self.assertGreater(len(self.theirs), 70)
        self.assertEqual(list(self.theirs), list(self.ours))

    def test_no_row_is_broken_with_celery(self):
        self.assertEqual({}, {name: said for name, said in self.theirs.items() if said[:1] == ["broken"]})

    def test_answers_are_equal(self):
        for name, said in self.theirs.items():
            with self.subTest(name):
                self.assertEqual(said, self.ours[name])


if __name__ == "__main__":
    unittest.main()
