import { Worker } from 'bullmq';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const now = () => performance.timeOrigin + performance.now();

// Updates that one progress handler keeps in flight: one at a time it would measure the round trip.
const UPDATES_IN_FLIGHT = 200;

export async function worker(connection, concurrency) {
  const late = [];
  const starts = [];

  const handlers = {
    noop: async () => 42,

    'js-noop': async () => 42,

    'js-1ms': async () => {
      await sleep(1);
      return 42;
    },

    // The first of a chain, and each of a fan-out, has its number; the others of a chain take what the one before them gives.
    link: async job => (job.data.n ?? Object.values(await job.getChildrenValues())[0]) + 1,

    join: async job => Object.values(await job.getChildrenValues()).reduce((sum, n) => sum + n, 0),

    late: async job => {
      late.push(now() - (job.data.due ?? job.timestamp + job.opts.delay));
      return 42;
    },

    // An occurrence's id ends in its instant.
    tick: async job => {
      late.push(now() - Number(job.id.split(':').pop()));
      return 42;
    },

    hold: job => {
      starts.push({ at: now(), again: job.stalledCounter > 0 || job.attemptsStarted > 1 });
      return new Promise(() => {});
    },

    progress: async job => {
      const began = performance.now();
      let next = 0;
      const lane = async () => {
        while (next < job.data.count) await job.updateProgress(next++);
      };
      await Promise.all(Array.from({ length: UPDATES_IN_FLIGHT }, lane));
      return (performance.now() - began) / 1000;
    },
  };

  const running = new Worker('jobs', job => handlers[job.name](job), { connection, concurrency });
  await running.waitUntilReady();
  return {
    lateness: async () => ({ ms: late.splice(0) }),
    held: async () => ({ starts }),
  };
}
