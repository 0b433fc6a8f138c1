// What a job remembers, in this attempt or one before, in whichever process that was: steps, children, signals.

/** Of one call. */
const MOST_CHILDREN = 100;
const CLOCK_DIFFERENCE = 60_000;

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

  /**
   * @param ask asks the grid: `memory` for what the attempt's job remembers, or to have it remember something; `children` to start some
   * @param park ends the attempt: the job waits without a worker. What awaited that never goes on, so that no `catch` or `finally` of the handler's runs
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
    const { steps } = await this.#read();
    if (steps.has(own)) return steps.get(own);
    const value = await run();
    return this.#keep(own, value === undefined ? null : value);
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
  start() {
    this.#starting = this.#starting.catch(() => {}).then(async () => {
      if (this.#ordered.length === 0) return;
      const { children, started } = await this.#read();
      const left = this.#ordered.filter(({ name }) => !started.has(name) && !children.has(name));
      const taken = this.#ordered.length;
      for (let place = 0; place < left.length; place += MOST_CHILDREN) {
        const part = left.slice(place, place + MOST_CHILDREN);
        await this.#ask('children', { children: part });
        for (const { name } of part) started.add(name);
      }

      this.#ordered.splice(0, taken);
    });
    return this.#starting;
  }

  /** How a child ended; while it has not, the job waits for that. */
  async endOf(child) {
    await this.start();
    const { children, seen } = await this.#read();
    if (!children.has(child)) return this.#wait({ seen, children: [child] });
    return children.get(child);
  }

  /** Waits until so many seconds after it was first come to. */
  async sleep(name, seconds) {
    const due = await this.#instant(this.claim(`sleep:${name}`), seconds);
    await this.start();
    if (this.#now() < due) await this.#wait({ seen: (await this.#read()).seen, until: new Date(due).toISOString() });
  }

  /** The next signal of that name that this attempt has not taken. Attempts take them in the same order. */
  async receive(name, timeout, otherwise) {
    const own = this.claim(`receive:${name}`);
    const over = `${own}:over`;
    if (timeout !== undefined && (await this.#read()).steps.has(over)) return otherwise;
    await this.start();
    let signal = await this.#take(name);
    if (signal !== undefined) return signal.value;
    const wait = { signals: [name] };
    if (timeout !== undefined) {
      const due = await this.#instant(own, timeout);
      if (this.#now() >= due) {
        // Its time is over only where it is known not to have come.
        this.#known = undefined;
        signal = await this.#take(name);
        if (signal !== undefined) return signal.value;
        await this.#keep(over, true);
        return otherwise;
      }

      wait.until = new Date(due).toISOString();
    }

    return this.#wait({ seen: (await this.#read()).seen, ...wait });
  }

  #wait(wait) {
    this.#park(wait);
    return new Promise(() => {});
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
    return 1000 * (steps.has(name) ? steps.get(name) : await this.#keep(name, Math.round(this.#now() + seconds * 1000) / 1000));
  }

  /** A job whose time has come by the grid's clock does not wait again because this one is somewhat behind. */
  #now() {
    const now = this.#clock();
    return this.#due > now && this.#due - now <= CLOCK_DIFFERENCE ? this.#due : now;
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

const nothing = () => ({ steps: new Map(), children: new Map(), signals: new Map(), started: new Set(), seen: 0 });
