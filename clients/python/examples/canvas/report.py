"""Counts the words of a text: a task for each line, one that is given all of what they counted, and one that writes it down."""
import sys
from collections import Counter

from orleansjobs.celery import Celery, chord
from orleansjobs.celery.schedules import crontab

app = Celery("report", broker="http://localhost:8080")
app.conf.beat_schedule = {
    "report-every-morning": {"task": "report.count", "schedule": crontab(minute=0, hour=6, day_of_week="mon-fri"), "args": ("good morning",)},
}


@app.task(name="report.count")
def count(line):
    return Counter(line.lower().split())


@app.task(name="report.merge")
def merge(counts):
    words = Counter()
    for one in counts:
        words.update(one)
    return {"lines": len(counts), "words": sum(words.values()), "often": words.most_common(3)}


@app.task(name="report.write")
def write(found):
    often = ", ".join(f"{word}: {number}" for word, number in found["often"])
    return f"{found['lines']} lines, {found['words']} words, {often}"


if __name__ == "__main__":
    with open(sys.argv[1]) as text:
        result = chord(count.s(line) for line in text)(merge.s() | write.s())
    print(result.get(timeout=60))
