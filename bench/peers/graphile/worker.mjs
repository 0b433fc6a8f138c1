import { Logger, run, runMigrations } from 'graphile-worker';
import { setTimeout as sleep } from 'node:timers/promises';

const CAPACITY = 1 << 26;

export async function worker(pool, { concurrency, localQueue, completeEveryMs, connections }) {
  const seen = new Uint8Array(CAPACITY);
  const ledger = { handled: 0, twice: 0, sum: 0 };
  let runner;

  const taskList = {
    noop: ({ n }) => {
      if (seen[n]) {
        ledger.twice++;
        return;
      }
      seen[n] = 1;
      ledger.handled++;
      ledger.sum += n;
    },
  };
  const preset = {
    worker: {
      concurrentJobs: concurrency,
      maxPoolSize: connections,
      localQueue: { size: localQueue },
      completeJobBatchDelay: completeEveryMs,
      failJobBatchDelay: completeEveryMs,
      logger: new Logger(() => (level, message) => level === 'error' && console.error(message)),
    },
  };

  // A job that has ended is no row any more.
  const left = async () => Number((await pool.query('select count(*) as jobs from graphile_worker._private_jobs')).rows[0].jobs);

  // The producer needs the tables too, and starts when this one is ready.
  await runMigrations({ pgPool: pool, preset });
  return {
    async resume() {
      runner ??= await run({ preset, pgPool: pool, taskList, noHandleSignals: true });
    },

    async pause() {
      await runner?.stop();
      runner = undefined;
    },

    // Handlers have run before their jobs are completed: what counts is what the database says.
    async settled({ count, waitMs }) {
      const end = Date.now() + waitMs;
      while (ledger.handled < count && Date.now() < end) await sleep(2);
      while (ledger.handled >= count && await left() > 0 && Date.now() < end) await sleep(2);
      return { settled: ledger.handled < count ? Math.min(ledger.handled, count - 1) : await left() > 0 ? count - 1 : count };
    },

    ledger: async () => ledger,

    left: async () => ({ left: await left() }),
  };
}
