// A worker of the fault driver, as Workers/python/worker.py is, of the Node package: its handlers write to a sink as they start and end.
import { open } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from './orleansjobs/src/worker/index.js';

const text = { type: 'string' };
const { values: said } = parseArgs({ options: { url: text, name: text, life: text, sink: text, slots: text } });

/** Marks are on the disk before a handler goes on, in the format of SinkFormat.cs; those that come together share one sync. */
class Sink {
  #file;
  #lines = [];
  #written = Promise.resolve();

  constructor(file) {
    this.#file = file;
  }

  mark(job, kind) {
    this.#lines.push(`${job.id}\t${job.attempt}\t${job.token}\t${kind}\t${process.hrtime.bigint()}\t${said.life}\n`);
    // Whoever comes while lines are being written waits for the next turn, which takes all that have come by then.
    return this.#written = this.#written.then(() => this.#write());
  }

  async #write() {
    if (this.#lines.length === 0) return;
    await this.#file.write(this.#lines.splice(0).join(''));
    await this.#file.sync();
  }
}

const sink = new Sink(await open(said.sink, 'a'));
const worker = new Worker({ url: said.url, name: said.name });

async function run(job, ms, fails = false) {
  await sink.mark(job, 'Started');
  try {
    await sleep(ms, undefined, { signal: job.signal });
  } catch (error) {
    if (!job.signal.aborted) throw error;
    await sink.mark(job, 'Cancelled');
    throw error;
  }

  if (fails) {
    await sink.mark(job, 'Threw');
    throw new Error(`attempt ${job.attempt} is one of those that fail`);
  }

  await sink.mark(job, 'Returned');
  // As text: a number of JavaScript has not all its digits.
  return { id: job.id, token: job.token, attempt: job.attempt };
}

worker.job('outside-sleep', (job, { ms }) => {
  job.report(1, 2, 'Asleep');
  return run(job, ms);
});

worker.job('outside-flaky', (job, { ms, failures }) => run(job, ms, job.attempt <= failures));

// The driver holds the other end: when it is gone, however it went, so is this process.
process.stdin.on('end', () => process.exit(99)).resume();
await worker.run({ concurrency: Number(said.slots), onReady: () => console.log(`ready ${said.life}`) });
