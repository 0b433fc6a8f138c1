// What the tests share.
import { Client } from 'orleansjobs';
import { Worker } from 'orleansjobs/worker';

export const QUICK = { steps: 2, stepMs: 5 };
export const unique = name => `${name}-${crypto.randomUUID().slice(0, 12)}`;
export const url = process.env.ORLEANSJOBS_URL;
if (!url) throw new Error('these tests need a grid: say where it is with ORLEANSJOBS_URL');

export const client = new Client({ url });
export const quiet = { warn() {}, error() {} };

/** Follows a job's events until the condition holds. */
export async function until(id, condition, what) {
  for await (const job of client.watch(id, { signal: AbortSignal.timeout(60_000) })) if (condition(job)) return job;
  throw new Error(`job ${id}: ${what} did not come`);
}

/** A worker that serves when this resolves, and stops with the test. */
export async function serve(test, define, options = {}) {
  const worker = new Worker({ url, log: quiet, ...options });
  define(worker);
  let over;
  await new Promise((resolve, reject) => {
    over = worker.run({ signals: false, concurrency: options.concurrency ?? 10, onReady: resolve });
    over.catch(reject);
  });
  test.after(async () => {
    worker.stop();
    await over;
  });
  return { worker, over };
}
