// Checked by the compiler, not run: what the types allow.
import { Client, JobFailed, Problem, flowJob, ref, submission } from 'orleansjobs';
import { GiveUp, RetryLater, Worker } from 'orleansjobs/worker';

const client = new Client({ url: 'http://localhost:8080', patience: 5 });
const job = await client.submit<number>('longtask', { steps: 3 }, { priority: 7, eta: new Date(), deadline: 60, tags: { a: 'b' }, after: ['x', { job: 'y', on: 'end' }] });
const answer: number = await client.result<number>(job.id, { timeout: 5, signal: new AbortController().signal });
for await (const seen of client.watch([job.id])) console.log(seen.state === 'SUCCESS', seen.current / seen.total, seen.data, answer);
for (const outcome of await client.batch([submission('a'), { type: 'b', args: 1 }])) {
  if (outcome instanceof Problem) console.log(outcome.code, outcome.pointer);
  else console.log(outcome.id);
}

await client.submitFlow([flowJob('a', 'longtask'), flowJob('b', 'longtask', { steps: ref('a.result') })], { result: ref('b.result'), onFailure: 'continue' });

const worker = new Worker({ queues: ['pictures'], release: '1.4.0' });
worker.job('resize', { attempts: 5 }, async (job, args: { width: number }) => {
  if (args.width < 0) throw new GiveUp('There is no such width.');
  if (job.signal.aborted) throw new RetryLater(3);
  job.report(1, 2, null, { half: true });
  await job.saveCheckpoint({ page: 1 });
  return { width: args.width };
}).job('plain', () => 1);
await worker.run({ concurrency: 8 });

// @ts-expect-error there is no such state
for await (const one of client.list({ state: 'DONE' })) console.log(one);
// @ts-expect-error it has to be a number of seconds
new RetryLater('soon');
try { await client.result('x'); } catch (error) { if (error instanceof JobFailed) console.log(error.code, error.job.attempt); }
