"""The Flask and Celery tutorial's routes, with jobs that do nothing."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "celery"))

from flask import Flask, jsonify, request, url_for  # noqa: E402

from tasks import app as celery, noop  # noqa: E402

app = Flask(__name__)


@app.route("/longtask", methods=["POST"])
def longtask():
    task = noop.apply_async(kwargs=request.get_json())
    return jsonify({"id": task.id}), 202, {"Location": url_for("taskstatus", task_id=task.id)}


@app.route("/status/<task_id>")
def taskstatus(task_id):
    task = celery.AsyncResult(task_id)
    if task.state == "PENDING":
        response = {"state": task.state, "current": 0, "total": 1, "status": "Pending..."}
    elif task.state != "FAILURE":
        info = task.info if isinstance(task.info, dict) else {"result": task.info}
        response = {"state": task.state, "current": info.get("current", 1), "total": info.get("total", 1), "status": info.get("status", "")}
        if "result" in info:
            response["result"] = info["result"]
    else:
        response = {"state": task.state, "current": 1, "total": 1, "status": str(task.info)}
    return jsonify(response)
