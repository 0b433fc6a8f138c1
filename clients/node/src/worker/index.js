// The worker: a program's handlers, and what runs them.
import { hostname } from 'node:os';
import process from 'node:process';
import { Address } from '../address.js';
import { Exchange } from '../exchange.js';
import { Runner } from './runner.js';
import { Session } from './session.js';

export { ChildFailed, GiveUp, RetryLater, StaleAttempt } from './reports.js';

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const MAX_SLOTS = 1000;
const MAX_SESSIONS = 8;
const TIMEOUT = 10_000;
const PATIENCE = 120_000;

const partOf = (all, at, of) => Math.floor(all / of) + (at < all % of ? 1 : 0);

function checkName(name, what) {
  if (typeof name !== 'string' || !NAME.test(name)) throw new TypeError(`${what} is 1 to 64 of A-Z a-z 0-9 . _ -; it is ${JSON.stringify(name)}`);
  return name;
}

/** Runs jobs of a grid in this program. */
export class Worker {
  #exchange;
  #who;
  #release;
  #log;
  #types = [];
  #handlers = new Map();
  #runners = [];

  constructor({ url, key, name, queues, release, log = console } = {}) {
    this.#exchange = new Exchange(new Address(url, key), { patience: PATIENCE, timeout: TIMEOUT });
    const host = hostname().replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 48) || 'worker';
    this.#who = { name: name === undefined ? `${host}-${process.pid}` : checkName(name, "a worker's name"), queues: queues?.map(queue => checkName(queue, "a queue's name")) };
    [this.#release, this.#log] = [release, log];
  }

  /**
   * Makes a function the handler of a job type. It is called with the job and its arguments, and what it returns is the result. `queue`, `attempts`
   * and `timeout` are for submits that say nothing of their own; `schema` is what arguments are checked with when they are submitted.
   */
  job(type, options, handler) {
    if (typeof options === 'function') [options, handler] = [{}, options];
    if (typeof handler !== 'function') throw new TypeError('a job type has a function as its handler');
    if (this.#handlers.has(checkName(type, 'a job type'))) throw new TypeError(`there is a handler for ${JSON.stringify(type)} already`);
    if (this.#types.length === 1000) throw new RangeError('a worker runs at most 1000 types');
    this.#handlers.set(type, handler);
    this.#types.push({ name: type, ...options, ...(this.#release === undefined ? {} : { release: this.#release }) });
    return this;
  }

  /**
   * Serves until SIGTERM or SIGINT, or `stop()`; what runs then is let end, for `drain` seconds at most. A second signal hands back what still runs.
   * `concurrency` handlers run at a time, shared among so many `sessions`: where jobs take less than a call to the grid, one session's run while those of another are reported.
   */
  async run({ concurrency = 100, sessions = 1, drain, signals = true, onReady } = {}) {
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_SLOTS) throw new RangeError(`a worker has 1 to ${MAX_SLOTS} slots`);
    if (!Number.isInteger(sessions) || sessions < 1 || sessions > Math.min(MAX_SESSIONS, concurrency)) throw new RangeError(`a worker has 1 to ${MAX_SESSIONS} sessions, and a slot for each`);
    if (this.#types.length === 0) throw new TypeError('the worker has no job types: give it one with worker.job(name, handler)');
    if (this.#runners.length > 0) throw new TypeError('the worker runs already');
    let unready = sessions;
    const ready = () => --unready === 0 && onReady?.();
    const runners = this.#runners = Array.from({ length: sessions }, (_, at) => new Runner(
      this.#exchange, new Session(this.#types, this.#who), this.#handlers, { concurrency: partOf(concurrency, at, sessions), log: this.#log, onReady: ready }));
    const stopAll = () => runners.forEach(runner => runner.stop());
    let timer;
    const stop = () => {
      stopAll();
      if (drain !== undefined) timer ??= setTimeout(stopAll, drain * 1000);
    };
    if (signals) for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop);
    this.stop = stop;
    try {
      const ends = await Promise.allSettled(runners.map(runner => runner.run().catch(error => {
        // What one may not do the others may not.
        stopAll();
        throw error;
      })));
      const failed = ends.find(({ status }) => status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } finally {
      for (const signal of ['SIGTERM', 'SIGINT']) process.off(signal, stop);
      clearTimeout(timer);
      this.#runners = [];
    }
  }

  /** What SIGTERM does. */
  stop() {}
}
