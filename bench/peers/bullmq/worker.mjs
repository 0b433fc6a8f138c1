import { Worker } from 'bullmq';
import { performance } from 'node:perf_hooks';

const now = () => performance.timeOrigin + performance.now();

// Updates that one progress handler keeps in flight: one at a time it would measure the round trip.
const UPDATES_IN_FLIGHT = 200;

export async function worker(connection, concurrency) {
  const late = [];
  const starts = [];

  const handlers = {
    noop: async () => 42,

    late: async job => {
      late.push(now() - (job.data.due ?? job.timestamp + job.opts.delay));
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
