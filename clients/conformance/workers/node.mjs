// The worker that ../check.py is run against.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'orleansjobs/worker';

await new Worker()
  .job('echo', (job, args) => args)
  .job('fail', () => { throw new Error('broken'); })
  .job('wait', (job, args) => sleep(args * 1000, null, { signal: job.signal }))
  .run();
