// What a handler knows of the job it runs, and how it speaks of it.
import { clip } from './reports.js';
import { Steps } from './steps.js';

const MAX_DATA = 4096;
const MAX_MESSAGE = 1000;

export class RunningJob {
  #lease;
  #say;
  #save;
  #stop = new AbortController();
  #checkpoint;
  #steps;

  constructor(lease, say, save, ask) {
    [this.#lease, this.#say, this.#save, this.#checkpoint] = [lease, say, save, lease.checkpoint];
    this.#steps = new Steps(ask, lease.memory === true);
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

  /** Why it is to stop: `cancelled`, `timeout`, `lost`, or `returned` where this program stops; undefined: it is not. */
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
    return this.#steps.once(name, run);
  }

  /** The worker's own. */
  stop(why) {
    this.stopReason ??= why;
    this.#stop.abort(Object.assign(new Error(`The job is to stop: ${why}.`), { name: 'AbortError' }));
  }
}

const dateOf = text => text === undefined ? undefined : new Date(text);
