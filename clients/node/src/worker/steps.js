// What a job remembers of the steps that it has done, in this attempt or one before, in whichever process that was.

export class Steps {
  #ask;
  #counts = new Map();
  #known;

  /** @param ask asks the grid what the attempt's job remembers, or has it remember something */
  constructor(ask, remembers) {
    this.#ask = ask;
    if (!remembers) this.#known = Promise.resolve(new Map());
  }

  /** Calls `run` unless that was done, and keeps what it resolves to. */
  async once(name, run) {
    if (typeof name !== 'string' || name === '') throw new TypeError(`a step has a name; this one is called ${JSON.stringify(name)}`);
    if (typeof run !== 'function') throw new TypeError('a step is a function');
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const own = count === 1 ? name : `${name}#${count}`;
    const known = await (this.#known ??= this.#read());
    if (known.has(own)) return known.get(own);
    const value = await run();
    const kept = (await this.#ask({ step: { name: own, value: value === undefined ? null : value } })).steps[0].value;
    known.set(own, kept);
    return kept;
  }

  async #read() {
    try {
      const known = new Map();
      for (let after = 0; after !== undefined;) {
        const page = await this.#ask({ after });
        for (const { name, value } of page.steps) if (!known.has(name)) known.set(name, value);
        after = page.next;
      }

      return known;
    } catch (error) {
      // The next step asks again.
      this.#known = undefined;
      throw error;
    }
  }
}
