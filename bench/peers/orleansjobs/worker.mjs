// node worker.mjs URL CONCURRENCY: our worker in Node, with the jobs that BullMQ's worker has beside it. It ends with its standard input.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '../../../clients/node/src/worker/index.js';

const [url, concurrency] = process.argv.slice(2);
const worker = new Worker({ url });

worker.job('js-noop', async () => 42);

worker.job('js-1ms', async () => {
  await sleep(1);
  return 42;
});

process.stdin.on('end', () => process.exit(0)).resume();
await worker.run({ concurrency: Number(concurrency), sessions: Math.min(2, Number(concurrency)), onReady: () => process.stdout.write(JSON.stringify({ ready: true }) + '\n') });
