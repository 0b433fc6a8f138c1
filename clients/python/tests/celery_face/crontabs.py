"""Instants of crontabs as Celery counts them: reads expressions, prints the next ten of each after an instant. Run with Celery's own Python."""
import json
import sys
from datetime import datetime, timezone

from celery import Celery
from celery.schedules import crontab

asked = json.load(sys.stdin)
app = Celery("crontabs", set_as_current=False)
app.conf.update(timezone=asked["zone"], enable_utc=True)
told = []
for fields in asked["crontabs"]:
    now = datetime.fromisoformat(asked["from"])
    found = []
    for _ in range(asked["count"]):
        at = [now]
        due = crontab(app=app, nowfun=lambda: at[0], **fields)
        now = now + due.remaining_estimate(now)
        found.append(now.astimezone(timezone.utc).isoformat())
    told.append(found)
print(json.dumps(told))
