"""A worker of its own: what it can do, and how it speaks of its jobs.

    python -m orleansjobs worker pictures:worker --processes 4
"""
import asyncio

from orleansjobs import GiveUp, RetryLater, Worker

worker = Worker(release="1.0.0")  # ORLEANSJOBS_URL and ORLEANSJOBS_KEY say where the grid is


@worker.job("picture.resize", queue="pictures", attempts=5, schema={
    "type": "object", "required": ["pages"], "properties": {"pages": {"type": "integer", "minimum": 1, "maximum": 1000}}})
def resize(job, args):
    """Makes the pages of a book smaller.

    Goes on from the page that the attempt before it had reached.
    """
    first = (job.checkpoint or {}).get("page", 0)
    for page in range(first, args["pages"]):
        job.raise_if_cancelled()
        job.report(page, args["pages"], f"Page {page + 1}", {"page": page})
        # ... work, with job.token given to whatever is written outside of the grid ...
        job.save_checkpoint({"page": page + 1})
    return {"pages": args["pages"], "from": first}


@worker.job("picture.fetch", queue="pictures")
async def fetch(job, args):
    """Fetches a picture from somewhere that is busy at times."""
    await asyncio.sleep(0.01)
    if args.get("busy") and job.checkpoint is None:
        await job.save_checkpoint("asked once")
        raise RetryLater(1, "They are busy.")
    if args.get("gone"):
        raise GiveUp("There is no such picture.")
    return {"bytes": 1234}
