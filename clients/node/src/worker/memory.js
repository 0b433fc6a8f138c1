// What a job remembers, in this attempt or one before, in whichever process that was: steps, children, signals.
import { AsyncLocalStorage } from 'node:async_hooks';
import { GiveUp } from './reports.js';

const NEVER = new Promise(() => {});
const inStep = new AsyncLocalStorage();

/** Of one call. A letter has three bytes at most. */
const MOST_CHILDREN = 100;
const MOST_LETTERS = 1 << 20;

export class Memory {
  #ask;
  #park;
  #due;
  #clock;
  #counts = new Map();
  #taken = new Map();
  #ordered = [];
  #starting = Promise.resolve();
  #known;
  #busy = 0;
  #waits = [];
  #isOver = false;

  /**
   * @param ask asks the grid: `memory` for what the attempt's job remembers, or to have it remember something; `children` to start some
   * @param park ends the attempt: the job waits without a worker, for all that is waited for once nothing of it runs. What awaited that never goes on, so that no `catch` or
   * `finally` of the handler's runs
   * @param due when the job was due, in milliseconds
   */
  constructor(ask, park, remembers, due, clock = Date.now) {
    [this.#ask, this.#park, this.#due, this.#clock] = [ask, park, due, clock];
    if (!remembers) this.#known = Promise.resolve(nothing());
  }

  /** Calls `run` unless that was done, and keeps what it resolves to. */
  async once(name, run) {
    if (typeof run !== 'function') throw new TypeError('a step is a function');
    const own = this.claim(name);
    return this.#during(async () => {
      const { steps } = await this.#read();
      if (steps.has(own)) return steps.get(own);
      const value = await inStep.run(true, run);
      return this.#keep(own, value === undefined ? null : value);
    });
  }

  /** The name to remember by: the second of an attempt that is called the same is `name#2`. */
  claim(name, kind = 'step') {
    if (typeof name !== 'string' || name === '') throw new TypeError(`a ${kind} has a name; this one is called ${JSON.stringify(name)}`);
    const counted = `${kind}/${name}`;
    const count = (this.#counts.get(counted) ?? 0) + 1;
    this.#counts.set(counted, count);
    return count === 1 ? name : `${name}#${count}`;
  }

  /** Has a child started, with others, before anything is waited for. */
  order(child) {
    this.#ordered.push(child);
  }

  /** Starts what was ordered; durable when it resolves. One call at a time: who comes meanwhile finds nothing left. */
  #start() {
    this.#starting = this.#starting.catch(() => {}).then(async () => {
      if (this.#ordered.length === 0) return;
      const { children, started } = await this.#read();
      const left = this.#ordered.filter(({ name }) => !started.has(name) && !children.has(name));
      const taken = this.#ordered.length;
      for (const part of partsOf(left)) {
        await this.#ask('children', { children: part });
        for (const { name } of part) started.add(name);
      }

      this.#ordered.splice(0, taken);
    });
    return this.#starting;
  }

  /** How a child ended; while it has not, the job waits for that. */
  async endOf(child) {
    const end = await this.#during(async () => {
      await this.#start();
      return (await this.#read()).children.get(child);
    });
    return end ?? this.#wait({ children: [child] });
  }

  /** Waits until so many seconds after it was first come to. */
  async sleep(name, seconds) {
    const own = this.claim(`sleep:${name}`);
    const due = await this.#during(async () => {
      const due = await this.#instant(own, seconds);
      await this.#start();
      return due;
    });
    if (!this.#isPast(due)) await this.#wait({ until: due });
  }

  /** The next signal of that name that this attempt has not taken. Attempts take them in the same order. */
  async receive(name, timeout, otherwise) {
    const own = this.claim(`receive:${name}`);
    const over = `${own}:over`;
    const found = await this.#during(async () => {
      if (timeout !== undefined && (await this.#read()).steps.has(over)) return { value: otherwise };
      await this.#start();
      let signal = await this.#take(name);
      if (signal !== undefined || timeout === undefined) return signal ?? {};
      const due = await this.#instant(own, timeout);
      if (!this.#isPast(due)) return { due };
      // Its time is over only where it is known not to have come.
      this.#known = undefined;
      signal = await this.#take(name);
      if (signal !== undefined) return signal;
      await this.#keep(over, true);
      return { value: otherwise };
    });
    return 'value' in found ? found.value : this.#wait({ signals: [name], until: found.due });
  }

  /** Nothing is waited for while it goes on. What ends when the attempt has is heard by nobody. */
  async #during(work) {
    this.#busy++;
    try {
      const done = await work();
      return this.#isOver ? await NEVER : done;
    } catch (error) {
      if (this.#isOver) await NEVER;
      throw error;
    } finally {
      this.#busy--;
      this.#settle();
    }
  }

  #wait(wait) {
    if (inStep.getStore()) throw new GiveUp('A step does not wait for children, signals or time: wait beside it.');
    this.#waits.push(wait);
    this.#settle();
    return NEVER;
  }

  /** What awaits something that has come goes on first, and may have more to do. */
  #settle() {
    if (this.#waits.length === 0) return;
    setImmediate(async () => {
      if (this.#busy > 0 || this.#isOver) return;
      this.#isOver = true;
      // Nobody could be told of a failure any more: who has seen nothing is run again for what has come, and reads it then.
      const { seen } = await this.#read().catch(() => ({ seen: 0 }));
      const times = this.#waits.map(({ until }) => until).filter(until => until !== undefined);
      this.#park({
        seen, children: [...new Set(this.#waits.flatMap(({ children = [] }) => children))], signals: [...new Set(this.#waits.flatMap(({ signals = [] }) => signals))],
        ...(times.length > 0 ? { until: new Date(Math.min(...times)).toISOString() } : {}),
      });
    });
  }

  async #take(name) {
    const came = (await this.#read()).signals.get(name) ?? [];
    const taken = this.#taken.get(name) ?? 0;
    if (taken >= came.length) return undefined;
    this.#taken.set(name, taken + 1);
    return came[taken];
  }

  async #keep(name, value) {
    const kept = (await this.#ask('memory', { step: { name, value } })).steps[0].value;
    (await this.#read()).steps.set(name, kept);
    return kept;
  }

  /** When something is due, which is remembered when it is first come to. Milliseconds; kept in seconds, as other languages do. */
  async #instant(name, seconds) {
    if (!(seconds >= 0)) throw new RangeError('a job does not wait for the past');
    const { steps } = await this.#read();
    return 1000 * (steps.has(name) ? steps.get(name) : await this.#keep(name, Math.round(this.#clock() + seconds * 1000) / 1000));
  }

  /** A job whose time has come by the grid's clock does not wait again because this one is behind. */
  #isPast(instant) {
    return this.#clock() >= instant || this.#due >= instant;
  }

  #read() {
    return this.#known ??= this.#readAll().catch(error => {
      // The next one asks again.
      this.#known = undefined;
      throw error;
    });
  }

  async #readAll() {
    const known = nothing();
    for (let after = 0; after !== undefined;) {
      const page = await this.#ask('memory', { after });
      for (const { name, value } of page.steps) if (!known.steps.has(name)) known.steps.set(name, value);
      for (const child of page.children ?? []) known.children.set(child.name, child);
      for (const signal of page.signals ?? []) known.signals.set(signal.name, [...known.signals.get(signal.name) ?? [], signal]);
      for (const name of page.started ?? []) known.started.add(name);
      known.seen = page.seen ?? 0;
      after = page.next;
    }

    return known;
  }
}

function* partsOf(children) {
  let [part, letters] = [[], 0];
  for (const child of children) {
    const length = JSON.stringify(child).length;
    if (part.length === MOST_CHILDREN || (part.length > 0 && letters + length > MOST_LETTERS)) {
      yield part;
      [part, letters] = [[], 0];
    }

    part.push(child);
    letters += length;
  }

  if (part.length > 0) yield part;
}

const nothing = () => ({ steps: new Map(), children: new Map(), signals: new Map(), started: new Set(), seen: 0 });
