"""A page that starts a long task and shows how far it is, as Celery's documentation and the tutorials have it."""
import random
import time

from orleansjobs.celery import Celery
from flask import Flask, jsonify, url_for

app = Flask(__name__)
app.config["CELERY_BROKER_URL"] = "redis://localhost:6379/0"
app.config["CELERY_RESULT_BACKEND"] = "redis://localhost:6379/0"

celery = Celery(app.name, broker=app.config["CELERY_BROKER_URL"], backend=app.config["CELERY_RESULT_BACKEND"])
celery.conf.update(app.config)

VERBS = ["Starting up", "Booting", "Repairing", "Loading", "Checking"]
NOUNS = ["solar array", "particle reshaper", "cosmic ray", "orbiter", "bit"]


@celery.task(bind=True)
def long_task(self, steps=None, pause=1):
    """Pretends to work, and says how far it is."""
    total = steps or random.randint(10, 50)
    message = ""
    for i in range(total):
        if not message or random.random() < 0.25:
            message = f"{random.choice(VERBS)} {random.choice(NOUNS)}..."
        self.update_state(state="PROGRESS", meta={"current": i, "total": total, "status": message})
        time.sleep(pause)
    return {"current": 100, "total": 100, "status": "Task completed!", "result": 42}


@app.route("/")
def index():
    return PAGE


@app.route("/longtask", methods=["POST"])
@app.route("/longtask/<int:steps>/<float:pause>", methods=["POST"])
def longtask(steps=None, pause=1):
    task = long_task.apply_async(kwargs={"steps": steps, "pause": pause})
    return jsonify({}), 202, {"Location": url_for("taskstatus", task_id=task.id)}


@app.route("/status/<task_id>")
def taskstatus(task_id):
    task = long_task.AsyncResult(task_id)
    if task.state == "PENDING":
        response = {"state": task.state, "current": 0, "total": 1, "status": "Pending..."}
    elif task.state != "FAILURE":
        response = {
            "state": task.state, "current": task.info.get("current", 0), "total": task.info.get("total", 1), "status": task.info.get("status", "")}
        if "result" in task.info:
            response["result"] = task.info["result"]
    else:
        response = {"state": task.state, "current": 1, "total": 1, "status": str(task.info)}
    return jsonify(response)


PAGE = """<!doctype html>
<title>A long task</title>
<button id="start">Start a long task</button>
<div id="tasks"></div>
<script>
document.getElementById("start").onclick = async () => {
  const bar = document.createElement("progress"), text = document.createElement("p");
  document.getElementById("tasks").append(bar, text);
  const started = await fetch("/longtask", { method: "POST" });
  const address = started.headers.get("Location");
  for (;;) {
    const task = await (await fetch(address)).json();
    bar.max = task.total;
    bar.value = task.current;
    text.textContent = "result" in task ? "Result: " + task.result : task.status;
    if (task.state !== "PENDING" && task.state !== "PROGRESS") return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};
</script>
"""

if __name__ == "__main__":
    app.run()
