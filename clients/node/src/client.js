// The client, for Node and for pages.
import { Address } from './address.js';
import { JobCancelled, JobFailed, NotEnded, Problem } from './errors.js';
import { ended, watch } from './events.js';
import { Exchange, backoff, sleep } from './exchange.js';
import { newId } from './ids.js';
import { instant } from './instants.js';
import * as schedules from './schedules.js';
import * as topics from './topics.js';

const MAX_BATCH = 1000;
const MAX_BATCH_BYTES = 15 << 20;
const LONGEST_WAIT = 60;

/**
 * Submits, follows and looks after jobs over HTTP. Whatever it asks is asked again while the gateway is away, for `patience` seconds, and always so
 * that a repeat does no harm: a submit without an id is given one.
 */
export class Client {
  #exchange;

  constructor({ url, key, patience = 60, timeout = 30 } = {}) {
    this.#exchange = new Exchange(new Address(url, key), { patience: patience * 1000, timeout: timeout * 1000 });
  }

  get url() {
    return this.#exchange.address.url;
  }

  /** Hands a job in; it is stored when this resolves. `wait`: seconds to wait for its end, at most 60. */
  async submit(type, args, { wait, signal, ...options } = {}) {
    const said = submission(type, args, options);
    // What has no id of its own is known by a key when it is sent again.
    const headers = said.id === undefined ? { ...prefer(wait), 'idempotency-key': JSON.stringify(newId()) } : prefer(wait);
    return (await this.#exchange.ask('POST', '/jobs', { body: JSON.stringify(said), headers, wait: (wait ?? 0) * 1000, signal })).json;
  }

  /** Hands in any number of what `submission()` makes. Of each, in order: the job, or the `Problem` that it was refused with. */
  async batch(submissions, { signal } = {}) {
    const outcomes = [];
    for (const chunk of chunksOf(submissions)) outcomes.push(...await this.#chunk(chunk, signal));
    return outcomes;
  }

  /** Where the job stands; `wait`: seconds to wait for its end, at most 60. */
  async status(id, { wait, signal } = {}) {
    return (await this.#exchange.ask('GET', pathOf(id), { headers: prefer(wait), wait: (wait ?? 0) * 1000, signal })).json;
  }

  /** The job once it has ended, however. Held at the gateway: nothing is polled. Throws `NotEnded` after `timeout` seconds. */
  async wait(id, { timeout = Infinity, signal } = {}) {
    const started = Date.now();
    while (true) {
      const left = timeout - (Date.now() - started) / 1000;
      const held = Math.ceil(Math.max(0, Math.min(LONGEST_WAIT, left)));
      const answer = await this.#exchange.ask('GET', pathOf(id), { headers: held > 0 ? prefer(held) : {}, wait: held * 1000, signal });
      if (ended(answer.json)) return answer.json;
      if ((Date.now() - started) / 1000 >= timeout) throw new NotEnded(`Job ${id} has not ended within ${timeout} s: ${answer.json.state}, ${answer.json.status}`, answer.json);
      // Too many wait there: it answered at once.
      if (held > 0 && !answer.headers.has('preference-applied')) await sleep(Math.min(left, Number(answer.headers.get('retry-after')) || 1) * 1000, signal);
    }
  }

  /** The job's result. Throws `JobFailed`, `JobCancelled`, or `NotEnded` after `timeout` seconds. */
  async result(id, options) {
    const job = await this.wait(id, options);
    if (job.state === 'SUCCESS') return job.result;
    throw job.state === 'FAILURE' ? new JobFailed(job) : new JobCancelled(job);
  }

  /** Each job's status now and whenever there is a newer one, until all have ended. A stream that breaks is taken up where it broke. */
  watch(ids, { signal } = {}) {
    return watch(this.#exchange, typeof ids === 'string' ? [ids] : [...ids], signal);
  }

  /** Ends a waiting job, asks a running one to stop. One that has ended stays as it is. */
  async cancel(id, { reason, signal } = {}) {
    return (await this.#exchange.ask('POST', pathOf(id, '/cancel'), { body: reasonOf(reason), signal })).json;
  }

  /** Runs a failed or cancelled job again. */
  async retry(id, { reason, signal } = {}) {
    try {
      return (await this.#exchange.ask('POST', pathOf(id, '/retry'), { body: reasonOf(reason), signal })).json;
    } catch (error) {
      if (!(error instanceof Problem && error.status === 409 && error.repeated)) throw error;
      // The first answer may have been lost, and what it did stands in the way of doing it again.
      const job = await this.status(id, { signal });
      if (job.changes?.at(-1)?.what !== 'retried') throw error;
      return job;
    }
  }

  /** Removes a job that has ended. */
  async delete(id, { reason, signal } = {}) {
    try {
      await this.#exchange.ask('DELETE', pathOf(id) + (reason === undefined ? '' : `?reason=${encodeURIComponent(reason)}`), { signal });
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404 && error.repeated)) throw error;
    }
  }

  /** Sends a job something that it waits for, or will. Of those with the same `key` it gets one. */
  async signal(id, name, body = null, { key = newId(), signal } = {}) {
    const headers = { 'idempotency-key': JSON.stringify(key) };
    await this.#exchange.ask('POST', pathOf(id, `/signals/${encodeURIComponent(name)}`), { body: JSON.stringify(body), headers, signal });
  }

  /** Hands in jobs that follow each other, each made by `flowJob()`, as one job whose result is `result` with its references filled in. */
  async submitFlow(jobs, { result, id = newId(), signal, ...options } = {}) {
    return (await this.#exchange.ask('POST', '/flows', { body: JSON.stringify({ id, jobs, result, ...options }), signal })).json;
  }

  /** Where each job of a flow stands. */
  async flow(id, { signal } = {}) {
    return (await this.#exchange.ask('GET', `/flows/${encodeURIComponent(id)}`, { signal })).json;
  }

  /** Makes a schedule of a job type, or replaces it: `{ cron, zone, every, ... }` as docs/SCHEDULES.md has it. `ifVersion`: only where this is its version still, or, with '', where there is none. */
  putSchedule(id, type, args, options = {}) {
    return schedules.put(this.#exchange, id, { type, args, ...options });
  }

  /** The same of a flow: `{ jobs, result, onFailure }`. */
  putFlowSchedule(id, flow, options = {}) {
    return schedules.put(this.#exchange, id, { flow, ...options });
  }

  /** How it stands, with its newest runs. */
  schedule(id, options) {
    return schedules.get(this.#exchange, id, options);
  }

  /** All of them, in the order of their ids; pages are fetched as they are needed. */
  schedules(options) {
    return schedules.list(this.#exchange, options);
  }

  /** When a schedule that need not be there would run next: of `cron` and `zone`, or `every`, with `anchor`, `start`, `end`, and how many (`count`). */
  nextInstants(what) {
    return schedules.next(this.#exchange, what);
  }

  /** Removes it; its jobs stay. */
  deleteSchedule(id, options) {
    return schedules.remove(this.#exchange, schedules.deletePath(id), options);
  }

  pauseSchedule(id, options) {
    return schedules.order(this.#exchange, id, '/pause', options);
  }

  resumeSchedule(id, options) {
    return schedules.order(this.#exchange, id, '/resume', options);
  }

  /** Submits an occurrence now, and gives its job's id. Of those with the same `key` there is one. */
  triggerSchedule(id, options) {
    return schedules.trigger(this.#exchange, id, options);
  }

  /** Submits the occurrences of a range that has passed, as far as they are not there, and gives their jobs' ids. */
  backfillSchedule(id, from, to, options) {
    return schedules.backfill(this.#exchange, id, from, to, options);
  }

  /** What became of its newest 50 instants, newest first. */
  scheduleRuns(id, options) {
    return schedules.runs(this.#exchange, id, options);
  }

  /** Publishes an event: a job for each binding that its key fits, all or none. Published again with the same `eventId`, nothing is made twice. */
  publish(key, data, options) {
    return topics.publish(this.#exchange, key, data, options);
  }

  /** Each event published from now on whose key fits is a job of the type. `args` gets what was published as `event`; without it, that is the arguments. */
  putBinding(id, pattern, type, args, options) {
    return topics.put(this.#exchange, id, pattern, type, args, options);
  }

  binding(id, options) {
    return topics.get(this.#exchange, id, options);
  }

  /** All of them, in the order of their names; pages are fetched as they are needed. */
  bindings(options) {
    return topics.list(this.#exchange, options);
  }

  /** Takes it away; its jobs stay. */
  deleteBinding(id, options) {
    return schedules.remove(this.#exchange, topics.pathOf(id), options);
  }

  /** Jobs, newest first, without their results; pages are fetched as they are needed. */
  async* list({ state, type, queue, tags = {}, submittedAfter, pageSize, signal } = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ state, type, queue, submittedAfter: instant(submittedAfter), limit: pageSize })) {
      if (value !== undefined) query.set(name, value);
    }

    for (const [name, value] of Object.entries(tags)) query.set(`tag.${name}`, value);
    do {
      const page = (await this.#exchange.ask('GET', `/jobs?${query}`, { signal })).json;
      yield* page.jobs;
      if (page.cursor) query.set('cursor', page.cursor);
      else return;
    } while (true);
  }

  async #chunk(items, signal) {
    const found = new Array(items.length);
    const started = Date.now();
    for (let [left, failures] = [[...items.keys()], 1]; ; failures++) {
      const answer = await this.#exchange.ask('POST', '/jobs:batch', { body: `[${left.map(index => items[index]).join(',')}]`, signal });
      answer.json.items.forEach((item, place) => found[left[place]] = item.job ?? new Problem(item.status, item.problem ?? null));
      left = left.filter(index => found[index] instanceof Problem && found[index].isPassing);
      const wait = backoff(failures);
      if (left.length === 0 || Date.now() - started + wait > this.#exchange.settings.patience) return found;
      await sleep(wait, signal);
    }
  }
}

/**
 * The body of a submit. Without an id it is given one, which makes a repeat safe, unless it has a key or is unique: ids of those are the grid's to make. `countdown`, `timeout` and `retention` are seconds; `eta`,
 * `expires` and `deadline` may be dates.
 */
export function submission(type, args, { id, eta, expires, deadline, ...options } = {}) {
  if (!options.key && !options.unique) id ??= newId();
  return { type, ...(args === undefined ? {} : { args }), id, eta: instant(eta), expires: instant(expires), deadline: instant(deadline), ...options };
}

function* chunksOf(submissions) {
  let [chunk, size] = [[], 0];
  for (const one of submissions) {
    const item = JSON.stringify(one.id === undefined ? { ...one, id: newId() } : one);
    if (chunk.length === MAX_BATCH || (chunk.length > 0 && size + item.length * 3 > MAX_BATCH_BYTES)) {
      yield chunk;
      [chunk, size] = [[], 0];
    }

    chunk.push(item);
    // A letter has three bytes at most.
    size += item.length * 3 + 1;
  }

  if (chunk.length > 0) yield chunk;
}

const pathOf = (id, more = '') => `/jobs/${encodeURIComponent(id)}${more}`;

const prefer = wait => wait === undefined ? {} : { prefer: `wait=${Math.max(0, Math.min(LONGEST_WAIT, Math.floor(wait)))}` };

const reasonOf = reason => reason === undefined ? undefined : JSON.stringify({ reason });
