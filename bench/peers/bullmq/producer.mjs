import { FlowProducer, Queue, QueueEvents } from 'bullmq';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export async function producer(connection) {
  const queue = new Queue('jobs', { connection });
  await queue.waitUntilReady();
  let events, flows;

  // A parent runs when its children have ended: the last link of a chain stands at the top of its tree.
  const shapes = {
    chain: size => {
      let node = { name: 'link', queueName: 'jobs', data: { n: 0 } };
      for (let i = 1; i < size; i++) node = { name: 'link', queueName: 'jobs', data: {}, children: [node] };
      return node;
    },
    fan: size => ({
      name: 'join', queueName: 'jobs', data: {},
      children: Array.from({ length: size }, (_, n) => ({ name: 'link', queueName: 'jobs', data: { n } })),
    }),
  };
  const jobsOf = { chain: size => size, fan: size => size + 1 };

  // Listening costs Redis and this process something: only where the question needs it.
  const listen = async () => {
    events ??= new QueueEvents('jobs', { connection });
    await events.waitUntilReady();
    return events;
  };

  return {
    pause: () => queue.pause(),
    resume: () => queue.resume(),

    async submit({ type = 'noop', count, inflight = 1, batch = 1, payload = 0, delayMs = 0, atMs = 0, spreadMs = 0 }) {
      const text = payload > 0 ? 'x'.repeat(payload) : undefined;
      const began = performance.now();
      const first = Date.now();
      const options = index => {
        if (atMs) return { delay: Math.max(0, atMs - Date.now()) };
        if (delayMs) return { delay: Math.round(delayMs + (spreadMs ? first + index * spreadMs / count - Date.now() : 0)) };
        return undefined;
      };
      const data = index => text ? { n: index, text } : { n: index, due: atMs || undefined };
      let next = 0;
      const lane = async () => {
        while (next < count) {
          const from = next;
          next = Math.min(count, from + batch);
          if (batch === 1) {
            await queue.add(type, data(from), options(from));
          } else {
            const jobs = [];
            for (let i = from; i < next; i++) jobs.push({ name: type, data: data(i), opts: options(i) });
            await queue.addBulk(jobs);
          }
        }
      };
      await Promise.all(Array.from({ length: inflight }, lane));
      return { seconds: (performance.now() - began) / 1000 };
    },

    async finished({ count }) {
      while (await queue.getCompletedCount() < count) await sleep(5);
    },

    async count() {
      const { completed, ...others } = await queue.getJobCounts();
      return { finished: completed, open: Object.values(others).reduce((sum, jobs) => sum + jobs, 0) };
    },

    async idle({ count, pauseMs, type = 'noop' }) {
      const watched = await listen();
      const ms = [];
      for (let i = 0; i < count; i++) {
        const began = performance.now();
        const job = await queue.add(type, { n: i });
        await job.waitUntilFinished(watched);
        ms.push(performance.now() - began);
        await sleep(pauseMs);
      }
      return { ms };
    },

    async schedules({ count, everyMs }) {
      const began = performance.now();
      let next = 0;
      const lane = async () => {
        for (let n; (n = next++) < count; ) await queue.upsertJobScheduler(`s-${n}`, { every: everyMs }, { name: 'tick', data: {} });
      };
      await Promise.all(Array.from({ length: 64 }, lane));
      return { seconds: (performance.now() - began) / 1000 };
    },

    async unschedule({ count }) {
      for (let n = 0; n < count; n++) await queue.removeJobScheduler(`s-${n}`);
    },

    async flows({ shape, size, count, inflight }) {
      flows ??= new FlowProducer({ connection });
      const before = await queue.getCompletedCount();
      const began = performance.now();
      let next = 0;
      const lane = async () => {
        while (next++ < count) await flows.add(shapes[shape](size));
      };
      await Promise.all(Array.from({ length: inflight }, lane));
      while (await queue.getCompletedCount() < before + count * jobsOf[shape](size)) await sleep(5);
      return { seconds: (performance.now() - began) / 1000 };
    },

    async flowsOne({ shape, size, count, pauseMs }) {
      flows ??= new FlowProducer({ connection });
      const watched = await listen();
      const ms = [];
      for (let i = 0; i < count; i++) {
        const began = performance.now();
        const { job } = await flows.add(shapes[shape](size));
        await job.waitUntilFinished(watched);
        ms.push(performance.now() - began);
        await sleep(pauseMs);
      }
      return { ms };
    },

    async progress({ count }) {
      const watched = await listen();
      let seen = 0;
      watched.on('progress', () => seen++);
      const job = await queue.add('progress', { count });
      const seconds = await job.waitUntilFinished(watched);
      return { seconds, seen };
    },
  };
}
