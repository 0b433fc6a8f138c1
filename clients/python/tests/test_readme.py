"""The README's code is Python, and what it imports is there."""
import ast
import importlib
import re
import unittest

from tests.grid import TESTS

TEXT = (TESTS.parent / "README.md").read_text(encoding="utf-8")


class ReadmeTests(unittest.TestCase):
    def test_code(self):
        blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
        self.assertGreaterEqual(len(blocks), 3)
        for block in blocks:
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom):
                    module = importlib.import_module(node.module)
                    for name in node.names:
                        self.assertTrue(hasattr(module, name.name), f"{node.module}.{name.name}")

    def test_what_is_said_of_a_job_and_a_client_is_there(self):
        from orleansjobs import Client, RunningJob
        for kind, names in ((RunningJob, re.findall(r"`job\.(\w+)", TEXT)), (Client, re.findall(r"^\| `(\w+)\(", TEXT.split("## A worker")[0], re.MULTILINE))):
            self.assertGreater(len(names), 5)
            for name in names:
                self.assertTrue(hasattr(kind, name) or name == "stop_reason", name)

    def test_the_worker_of_the_repositorys_readme_loads(self):
        text = (TESTS.parents[2] / "README.md").read_text(encoding="utf-8")
        place = {}
        exec(next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "@worker.job" in block), place)
        self.assertEqual({"thumbnail"}, set(place["worker"].definitions()))

    def test_workers_and_tasks_of_the_readme_load(self):
        blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
        place = {}
        exec(next(block for block in blocks if "@worker.job" in block), place)
        self.assertEqual({"picture.resize", "picture.fetch"}, set(place["worker"].definitions()))
        exec(next(block for block in blocks if "@app.task" in block), place)
        self.assertIn("send", place["send"].name)


if __name__ == "__main__":
    unittest.main()
