// What a handler knows of the job it runs, and how it speaks of it.
import { submission } from '../client.js';
import { lineOf } from './lines.js';
import { Memory } from './memory.js';
import { ChildFailed, clip } from './reports.js';

const MAX_DATA = 4096;
const MAX_MESSAGE = 1000;

export class RunningJob {
  #lease;
  #say;
  #save;
  #stop = new AbortController();
  #checkpoint;
  #memory;
  #keep;
  #lines = 0;

  constructor(lease, say, save, ask, keep = () => {}) {
    [this.#lease, this.#say, this.#save, this.#checkpoint] = [lease, say, save, lease.checkpoint];
    this.parked = new Promise(resolve => this.#memory = new Memory(ask, resolve, lease.memory === true, this.due?.getTime()));
    this.#keep = keep;
  }

  get id() { return this.#lease.id; }

  /** The fencing token of this attempt: a number that only grows from attempt to attempt, as a string, since it takes up to 63 bits. */
  get token() { return this.#lease.token; }

  get type() { return this.#lease.type; }

  get queue() { return this.#lease.queue; }

  /** 1 for the first run; one more than failures and crashes so far. */
  get attempt() { return this.#lease.attempt; }

  /** How many failures make the job fail. */
  get attempts() { return this.#lease.attempts; }

  get tags() { return this.#lease.tags ?? {}; }

  get traceparent() { return this.#lease.traceparent; }

  /** Seconds. */
  get timeout() { return this.#lease.timeout; }

  get submitted() { return dateOf(this.#lease.submitted); }

  get due() { return dateOf(this.#lease.due); }

  /** What the job saved last, in this attempt or one before. */
  get checkpoint() { return this.#checkpoint; }

  /** Aborts when the job is to stop: cancelled, out of time, or somebody else's by now. Hand it on to whatever you wait for. */
  get signal() { return this.#stop.signal; }

  /** The worker's own: resolves to what the job waits for, once it does so without a worker. */
  parked;

  /** Why it is to stop: `cancelled`, `timeout`, `stalled`, `lost`, or `returned` where this program stops; undefined: it is not. */
  stopReason;

  /** How far the job is. Costs next to nothing: the newest travels, a few times a second. `message` and `data` stay as they were where they are left out. */
  report(current, total, message, data) {
    const progress = { current: Math.trunc(current), total: Math.max(1, Math.trunc(total)) };
    if (message !== undefined && message !== null) progress.message = clip(String(message), MAX_MESSAGE);
    if (data !== undefined) {
      const size = new TextEncoder().encode(JSON.stringify(data)).length;
      if (size > MAX_DATA) throw new RangeError(`data of progress is at most ${MAX_DATA} bytes of JSON; this is ${size}`);
      progress.data = data;
    }

    this.#say(progress);
  }

  /**
   * Keeps a line with the job, for those who look at it: the newest of them. It travels within about a second, and the last ones with the outcome. `level` is `trace`, `debug`,
   * `information`, `warning`, `error` or `critical`.
   */
  log(text, options) {
    const line = lineOf(this.#lines + 1, text, options);
    this.#lines++;
    this.#keep(line);
  }

  /** Keeps a value that the next attempt can go on from; durable when this resolves. Throws `StaleAttempt` where a newer attempt exists. */
  async saveCheckpoint(value) {
    await this.#save(value);
    this.#checkpoint = value;
  }

  /**
   * Does something once: calls `run`, keeps what it resolves to (any JSON), and from then on resolves to that, in this attempt and all later ones, without calling it. Durable
   * when it resolves. What `run` throws is not kept. Its code may run more than once, where everything is lost between its end and the store.
   */
  step(name, run) {
    return this.#memory.once(name, run);
  }

  /**
   * Starts a child: a job of its own, which the grid runs wherever there is a worker for its type. It is stored with others once something is waited for; one whose name was
   * started in an attempt before is found, not made again. What nothing has waited for when the handler returns is not started, or cancelled. `options` are those of a submit, and `weight` is its
   * part in the job's progress, `keyWeight` that of its key's turns. Cancelling the job cancels its children.
   */
  start(name, type, args, { weight = 1, keyWeight, ...options } = {}) {
    const own = this.#memory.claim(name, 'child');
    const { id, ...job } = submission(type, args, { ...options, ...(keyWeight === undefined ? {} : { weight: keyWeight }) });
    this.#memory.order({ name: own, weight, job });
    return { name: own };
  }

  /**
   * What a child came to. While it has not ended the job waits without a worker, and its handler is run again from the top when it has: what was done in steps is not done
   * again. Throws `ChildFailed` where it did not succeed.
   */
  async resultOf(child) {
    const end = await this.#memory.endOf(child.name);
    if (end.state !== 'SUCCESS') throw new ChildFailed(end);
    return end.result;
  }

  /** The same of several, in their order. */
  async gather(...children) {
    const results = [];
    for (const child of children) results.push(await this.resultOf(child));
    return results;
  }

  /** Waits without a worker, for any time: the handler is run again from the top when it is over. The name is what it is remembered by. */
  sleep(name, seconds) {
    return this.#memory.sleep(name, seconds);
  }

  /**
   * The next signal of that name, which is waited for without a worker; `otherwise` where none has come within so many seconds (`timeout`) of when it was first asked for.
   * Signals are kept until they are taken, and every attempt takes them in the same order.
   */
  receive(name, { timeout, otherwise } = {}) {
    return this.#memory.receive(name, timeout, otherwise);
  }

  /** The worker's own. */
  stop(why) {
    this.stopReason ??= why;
    this.#stop.abort(Object.assign(new Error(`The job is to stop: ${why}.`), { name: 'AbortError' }));
  }
}

const dateOf = text => text === undefined ? undefined : new Date(text);
