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

const schedule = await client.putSchedule('nightly', 'longtask', { steps: 3 }, { cron: '30 2 * * *', zone: 'Europe/Berlin', deadline: 60, key: 'tenant/7', ifVersion: '' });
await client.putFlowSchedule('report', { jobs: [flowJob('a', 'longtask')], result: ref('a.result') }, { every: 60 });
for await (const one of client.schedules()) console.log(one.id === schedule.id, one.paused?.reason, one.runs?.[0].outcome);
const published = await client.publish('orders.eu.created', { order: 7 }, { eventId: 'order-7' });
console.log(published.jobs.mail, (await client.putBinding('mail', 'orders.#', 'mail', { to: 'x' }, { queue: 'mail' })).pattern);

const worker = new Worker({ queues: ['pictures'], release: '1.4.0' });
worker.job('resize', { attempts: 5 }, async (job, args: { width: number }) => {
  if (args.width < 0) throw new GiveUp('There is no such width.');
  if (job.signal.aborted) throw new RetryLater(3);
  job.report(1, 2, null, { half: true });
  await job.saveCheckpoint({ page: 1 });
  return { width: args.width };
}).job('plain', () => 1);
await worker.run({ concurrency: 8 });

// @ts-expect-error a flow's jobs say it each for itself
await client.putFlowSchedule('x', { jobs: [] }, { queue: 'q' });
// @ts-expect-error there is no such state
for await (const one of client.list({ state: 'DONE' })) console.log(one);
// @ts-expect-error it has to be a number of seconds
new RetryLater('soon');
try { await client.result('x'); } catch (error) { if (error instanceof JobFailed) console.log(error.code, error.job.attempt); }
