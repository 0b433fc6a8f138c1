// Leases from their arrival to their end: which wait for a slot, and which run.
import { sleep } from '../exchange.js';
import { keyOf } from './session.js';
import { reportOfError, reportOfResult } from './reports.js';
import { RunningJob } from './job.js';

/** Jobs that take less than so many milliseconds are leased ahead: a slot would stand empty for most of a call. */
const AHEAD_BELOW = 20;
const AHEAD_MOST = 16;

/** A lease that found no slot within so many milliseconds is handed back: others may have one. */
const AHEAD_WAIT = 250;

/** How long handlers have to end that are asked to stop because the program does. */
const ABANDON_PATIENCE = 1000;

export class Slots {
  #session;
  #handlers;
  #concurrency;
  #save;
  #news;
  #log;
  #remember;
  #waiting = [];
  #running = new Map();
  #average = AHEAD_BELOW * 10;
  #draining = false;

  /** @param {() => void} news called when there is something that the next call should say */
  constructor(session, handlers, concurrency, save, news, log, remember) {
    [this.#session, this.#handlers, this.#concurrency, this.#save, this.#news, this.#log] = [session, handlers, concurrency, save, news, log];
    this.#remember = remember;
  }

  get running() {
    return this.#running.size;
  }

  /** How many more leases there is room for. */
  wanted() {
    if (this.#draining) return 0;
    const ahead = this.#average < AHEAD_BELOW ? this.#concurrency * Math.min(AHEAD_MOST, Math.floor(AHEAD_BELOW / Math.max(this.#average, 1e-3))) : 0;
    return Math.max(0, this.#concurrency + ahead - this.#running.size - this.#waiting.length);
  }

  arrived(leases) {
    const now = performance.now();
    for (const lease of leases) this.#waiting.push({ lease, since: now });
    this.#fill();
    if (this.#waiting.length > 0) setTimeout(() => this.#returnWaiting(), AHEAD_WAIT + 5);
  }

  /** Asks a job to stop; one that has not begun ends at once. */
  stop(key, why) {
    const job = this.#running.get(key);
    if (job !== undefined) return job.stop(why);
    this.#waiting = this.#waiting.filter(({ lease }) => keyOf(lease) !== key);
    // That it had no time left is nothing that it did: it has not begun.
    if (why !== 'lost') this.#say(key, { outcome: why === 'cancelled' ? 'cancelled' : 'returned' });
  }

  /** Hands back what has not begun, and begins nothing more. */
  drain() {
    this.#draining = true;
    for (const { lease } of this.#waiting.splice(0)) this.#say(keyOf(lease), { outcome: 'returned' });
  }

  /** Asks what runs to stop, and after a moment hands back what has not: elsewhere it begins at once, beside what still runs here. */
  async abandon() {
    for (const job of this.#running.values()) job.stop('returned');
    for (const until = performance.now() + ABANDON_PATIENCE; this.#running.size > 0 && performance.now() < until;) await sleep(10);
    for (const key of this.#running.keys()) this.#session.report(key, { outcome: 'returned' });
  }

  #fill() {
    while (this.#waiting.length > 0 && this.#running.size < this.#concurrency) {
      const { lease } = this.#waiting.shift();
      const key = keyOf(lease);
      const handler = this.#handlers.get(lease.type);
      if (!this.#session.held.has(key) || this.#session.outbox.has(key)) continue;
      if (this.#draining || handler === undefined) this.#say(key, { outcome: 'returned' });
      else this.#run(key, lease, handler);
    }
  }

  async #run(key, lease, handler) {
    const job = new RunningJob(lease, progress => {
      this.#session.say(key, progress);
      this.#news();
    }, value => this.#save(lease, value), (about, what) => this.#remember(lease, about, what), line => {
      this.#session.log(key, line);
      this.#news(false, true);
    });
    this.#running.set(key, job);
    const began = performance.now();
    let report;
    try {
      report = await Promise.race([this.#handle(job, handler, lease), job.parked.then(wait => ({ outcome: 'waiting', wait }))]);
    } catch (error) {
      report = reportOfError(error, job.stopReason);
      if (job.stopReason === undefined && report.outcome === 'failure') this.#log.error(`Job ${job.id} (${job.type}) failed in attempt ${job.attempt}.`, error);
    }

    this.#running.delete(key);
    this.#average += (performance.now() - began - this.#average) * 0.2;
    this.#say(key, report);
    this.#fill();
  }

  async #handle(job, handler, lease) {
    return reportOfResult(await handler(job, lease.args));
  }

  #returnWaiting() {
    const now = performance.now();
    while (this.#waiting.length > 0 && now - this.#waiting[0].since >= AHEAD_WAIT) {
      const { lease } = this.#waiting.shift();
      this.#average = Math.max(this.#average, AHEAD_BELOW);
      this.#say(keyOf(lease), { outcome: 'returned' });
    }
  }

  #say(key, report) {
    this.#session.report(key, report);
    this.#news(true);
  }
}
