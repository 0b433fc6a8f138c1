// Carries a session out: one loop that calls, and hands leases to slots.
import { Problem } from '../errors.js';
import { backoff, documentOf, retryAfterOf, sleep } from '../exchange.js';
import { GiveUp, StaleAttempt } from './reports.js';
import { Slots } from './slots.js';

const PROGRESS_EVERY = 200;
const LINES_EVERY = 1000;
const SLOWEST_BACKOFF = 3000;
const GOODBYE_PATIENCE = 10_000;
const MOST_PATIENCE = 10_000;
/** Between calls that should have waited and did not. */
const PACE = 500;

export class Runner {
  #exchange;
  #session;
  #slots;
  #log;
  #onReady;
  #wake = () => {};
  #stopped = () => {};
  #abandoned;
  #woken = false;
  #progressTimer;
  #linesTimer;
  #progressAt = 0;
  #draining = false;
  #hard = false;

  constructor(exchange, session, handlers, { concurrency, log, onReady }) {
    [this.#exchange, this.#session, this.#log, this.#onReady] = [exchange, session, log, onReady];
    this.#slots = new Slots(session, handlers, concurrency, (lease, value) => this.#save(lease, value), (isEnd, isLine) => this.#news(isEnd, isLine), log,
      (lease, about, what) => this.#remember(lease, about, what));
  }

  /** Takes no more jobs and ends when those that run have ended; a second time: hands them back and ends now. */
  stop() {
    this.#hard = this.#draining;
    this.#draining = true;
    this.#slots.drain();
    if (this.#hard) this.#abandoned ??= this.#slots.abandon();
    this.#stopped();
    this.#ring();
  }

  async run() {
    try {
      await this.#serve();
      await this.#abandoned;
      await this.#goodbye();
    } finally {
      clearTimeout(this.#progressTimer);
      clearTimeout(this.#linesTimer);
    }
  }

  async #serve() {
    let failures = 0;
    let ready = false;
    while (!(this.#draining && this.#session.held.size === 0) && !this.#hard) {
      this.#woken = false;
      const call = this.#session.call(this.#slots.wanted(), this.#session.heartbeat);
      const asked = performance.now();
      const sending = this.#send(call);
      if (call.waits && !await this.#first(sending)) {
        // There is news: the next call says it, and ends this one's wait.
        sending.then(answer => this.#take(call, answer)).catch(() => {});
        continue;
      }

      try {
        const answer = this.#take(call, await sending);
        failures = 0;
        if (!ready) this.#onReady?.();
        ready = true;
        // What handlers return at once goes with the next call, which would otherwise wait, and be overtaken by one that does not.
        if (answer.leases.length > 0) await new Promise(setImmediate);
        if (call.waits && answer.leases.length === 0 && answer.stops.length === 0 && performance.now() - asked < 100) await this.#idle(PACE);
      } catch (error) {
        failures++;
        await this.#failed(call, error, failures);
      }
    }
  }

  async #failed(call, error, failures) {
    const wasOpen = this.#session.id !== undefined;
    this.#session.failed(call);
    if (!(error instanceof Problem)) {
      this.#log.warn(`The gateway did not answer: ${error.cause?.message ?? error.message}`);
    } else if (this.#session.refused(call, error)) {
      this.#log.warn(`A call was refused: ${error.message}`);
      return;
    } else {
      // It will be refused tomorrow too.
      if (!error.isPassing && !wasOpen) throw error;
      this.#log.warn(`The grid is not to be had: ${error.message}`);
    }

    await this.#rest(error.retryAfter, Math.min(SLOWEST_BACKOFF, backoff(failures)));
  }

  /** For as long as was asked for, as far as what is held can wait for a heartbeat. Who is to stop looks up. */
  #rest(retryAfter, otherwise) {
    if (this.#hard || (this.#draining && this.#session.held.size === 0)) return undefined;
    const asked = this.#session.held.size > 0 ? Math.min(retryAfter ?? 0, this.#session.heartbeat) : retryAfter;
    const over = new AbortController();
    this.#stopped = () => over.abort();
    return sleep(retryAfter === undefined ? otherwise : asked * 1000, over.signal).catch(() => {});
  }

  async #goodbye() {
    let until = performance.now() + GOODBYE_PATIENCE;
    for (let failures = 1; this.#session.id !== undefined; failures++) {
      const call = this.#session.call(0, 0, true);
      try {
        this.#session.answered(call, await this.#send(call));
        if (call.isBye) return;
        until = performance.now() + GOODBYE_PATIENCE;
      } catch (error) {
        this.#session.failed(call);
        const isFinal = error instanceof Problem && !this.#session.refused(call, error) && !error.isPassing;
        if (performance.now() > until || isFinal) {
          this.#log.warn(`The goodbye did not arrive; what was held is given out again by its silence. ${error.message}`);
          return;
        }

        await sleep(Math.min(1000, backoff(failures)));
      }
    }
  }

  async #send(call) {
    const answer = await this.#exchange.send('POST', '/work', { body: call.body, wait: call.waits ? this.#session.heartbeat * 1000 : 0, timeout: this.#patience() });
    if (answer.status === 200) return answer.json();
    throw new Problem(answer.status, await documentOf(answer), retryAfterOf(answer));
  }

  /** A call that was lost on its way is to be said again before the session has been silent for too long. */
  #patience() {
    return Math.min(MOST_PATIENCE, this.#session.heartbeat * 1000);
  }

  #take(call, raw) {
    const answer = this.#session.answered(call, raw);
    for (const warning of answer.warnings) this.#log.warn(warning);
    for (const id of answer.stale) this.#log.warn(`What came of job ${id} was refused: it had been given to somebody else meanwhile.`);
    for (const { key, why } of answer.stops) this.#slots.stop(key, why);
    this.#slots.arrived(answer.leases);
    return answer;
  }

  async #save(lease, value) {
    await this.#post(lease, 'checkpoint', { checkpoint: value === undefined ? null : value });
  }

  async #remember(lease, about, what) {
    const whose = about === 'memory' ? 'The step cannot be remembered' : 'The children cannot be started';
    try {
      JSON.stringify(what);
    } catch (error) {
      // It is done, and doing it again would not make JSON of it.
      throw new GiveUp(`${whose}, since it is no JSON: ${error.message}`, { cause: error });
    }

    try {
      return (await this.#post(lease, about, what)).json;
    } catch (error) {
      if (error instanceof Problem && [400, 403, 413, 422].includes(error.status)) throw new GiveUp(`${whose}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async #post(lease, what, more) {
    const body = JSON.stringify({ session: this.#session.id, token: lease.token, ...more });
    try {
      return await this.#exchange.ask('POST', `/work/jobs/${encodeURIComponent(lease.id)}/${what}`, { body });
    } catch (error) {
      if (error instanceof Problem && (error.code === 'stale-lease' || error.code === 'session-not-found')) throw new StaleAttempt(error.message);
      throw error;
    }
  }

  /** The first progress at once, then no more often than anybody could see; ends at once. */
  #news(isEnd, isLine = false) {
    if (isEnd) return this.#ring();
    if (isLine) {
      this.#linesTimer ??= setTimeout(() => {
        this.#linesTimer = undefined;
        this.#ring();
      }, LINES_EVERY);
      return;
    }

    if (this.#progressTimer !== undefined) return;
    const due = this.#progressAt + PROGRESS_EVERY - performance.now();
    this.#progressTimer = setTimeout(() => {
      this.#progressTimer = undefined;
      this.#progressAt = performance.now();
      this.#ring();
    }, Math.max(0, due));
  }

  #ring() {
    this.#woken = true;
    this.#wake();
  }

  /** Whether the answer came before there was news. */
  async #first(sending) {
    if (this.#woken) return false;
    return Promise.race([sending.then(() => true, () => true), new Promise(resolve => this.#wake = () => resolve(false))]);
  }

  #idle(milliseconds) {
    return this.#woken ? undefined : Promise.race([sleep(milliseconds), new Promise(resolve => this.#wake = resolve)]);
  }
}
