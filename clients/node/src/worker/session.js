// One session of docs/WORKERS.md without a wire and without a clock: what the next call says, and what an answer means.
import { failure } from './reports.js';

const MAX_WANT = 100;
const MAX_HELD = 1000;
const MAX_REPORTS = 1000;
const MAX_BYTES = 3 << 20;
const MAX_REMEMBERED = 20_000;
const POINTER = /^\/(reports|progress)\/(\d+)(?:\/|$)/;

export const keyOf = lease => `${lease.token}:${lease.id}`;

export class Session {
  #seq = 0;
  #sent = new Set();
  #stopped = new Set();
  #ended = new Set();
  #single = false;

  /** @param {object[]} types what is announced */
  constructor(types, { queues, name } = {}) {
    this.types = types;
    this.names = types.map(type => type.name);
    this.who = { ...(queues ? { queues } : {}), ...(name ? { name } : {}) };
    this.id = undefined;
    this.heartbeat = 10;
    /** Leases whose report has had no answer, by key. */
    this.held = new Map();
    this.outbox = new Map();
    this.progress = new Map();
  }

  get hasNews() {
    return this.outbox.size > 0 || this.progress.size > 0;
  }

  /** The newest counts, and what it leaves out stays as it was said before. */
  say(key, progress) {
    if (this.held.has(key) && !this.outbox.has(key)) this.progress.set(key, { ...this.progress.get(key), ...progress });
  }

  /** How an attempt ended. What is not held any more was lost, and needs no report. */
  report(key, report) {
    if (this.held.has(key) && !this.outbox.has(key)) this.outbox.set(key, report);
  }

  call(want, wait, bye = false) {
    const seq = ++this.#seq;
    // Only opens the session: were the answer lost that brings leases, nobody would know whose they are.
    if (this.id === undefined) return { seq, body: JSON.stringify({ seq, types: this.types, ...this.who }), reports: [], progress: new Map(), waits: false, want: 0 };
    const reports = this.#pick();
    const progress = new Map();
    if (!(this.#single && reports.length > 0)) {
      for (const [key, said] of this.progress) {
        if (progress.size === MAX_REPORTS) break;
        progress.set(key, said);
        this.progress.delete(key);
      }
    }

    for (const key of reports) this.#sent.add(key);
    const asked = Math.max(0, Math.min(want, MAX_WANT, MAX_HELD - this.held.size));
    const waits = wait > 0 && reports.length === 0 && progress.size === 0 && !bye;
    const named = (key, more) => ({ id: this.held.get(key).id, token: this.held.get(key).token, ...more });
    const body = JSON.stringify({
      session: this.id, seq, types: this.names, ...this.who, want: asked, wait: waits ? wait : 0,
      holds: [...this.held.keys()].filter(key => !this.#sent.has(key)).map(key => named(key)),
      ...(progress.size > 0 ? { progress: [...progress].map(([key, said]) => named(key, said)) } : {}),
      ...(bye ? { bye: true } : {}),
      ...(reports.length > 0 ? { reports: reports.map(key => named(key, this.outbox.get(key))) } : {}),
    });
    return { seq, body, reports, progress, waits, want: asked };
  }

  answered(call, answer) {
    this.id = answer.session;
    this.heartbeat = answer.heartbeat ?? this.heartbeat;
    this.#single &&= this.outbox.size > 0;
    const stale = [];
    for (const said of answer.reports ?? []) {
      const key = keyOf(said);
      if (said.status !== 200) stale.push(said.id);
      this.#strike(key);
    }

    const leases = [];
    for (const lease of answer.leases ?? []) {
      const key = keyOf(lease);
      // It was on its way twice.
      if (this.held.has(key) || this.#ended.has(key)) continue;
      this.held.set(key, lease);
      leases.push(lease);
    }

    const stops = [];
    for (const said of answer.cancel ?? []) {
      const key = keyOf(said);
      if (this.held.has(key) && !this.outbox.has(key) && (said.why === 'lost' || !this.#stopped.has(key))) {
        this.#stopped.add(key);
        stops.push({ key, why: said.why });
      }

      if (said.why === 'lost') this.#strike(key);
    }

    return { leases, stops, stale, warnings: answer.warnings ?? [] };
  }

  /** The call had no answer: what it said is said again, as far as nothing newer has been. */
  failed(call) {
    for (const [key, said] of call.progress) {
      if (this.held.has(key)) this.progress.set(key, { ...said, ...this.progress.get(key) });
    }
  }

  /** Makes the best of a call that was refused as a whole. False where nothing in it can be mended. */
  refused(call, problem) {
    if (problem.code === 'session-not-found' && this.id !== undefined) {
      this.id = undefined;
      return true;
    }

    if (![400, 413, 422].includes(problem.status) || (call.reports.length === 0 && call.progress.size === 0)) return false;
    const places = problem.mistakes.map(mistake => POINTER.exec(mistake.pointer ?? '')).filter(Boolean);
    if (places.length === 0) return this.#takeApart(call, problem);
    for (const [, part, index] of places) {
      if (part === 'reports' && Number(index) < call.reports.length) this.#replace(call.reports[Number(index)], problem);
      else if (part === 'progress') this.progress.delete([...call.progress.keys()][Number(index)]);
    }

    return true;
  }

  /** It is not said which part is wrong: progress is given up, and reports go one by one until the wrong one is found. */
  #takeApart(call, problem) {
    for (const key of call.progress.keys()) this.progress.delete(key);
    if (this.#single && call.reports.length === 1) this.#replace(call.reports[0], problem);
    this.#single = call.reports.length > 0;
    return true;
  }

  /** A result that the grid does not take fails its job, or the job would never end. */
  #replace(key, problem) {
    const report = this.outbox.get(key);
    if (report === undefined) return;
    const substitute = failure(`The grid refused the report: ${problem.message}`.slice(0, 1000), { type: problem.name, isFinal: true });
    this.outbox.set(key, JSON.stringify(report) === JSON.stringify(substitute) ? { outcome: 'returned' } : substitute);
  }

  #pick() {
    const keys = [];
    let size = 0;
    for (const [key, report] of this.outbox) {
      size += (report.result === undefined ? 0 : JSON.stringify(report.result).length) + 500;
      if (keys.length > 0 && (size > MAX_BYTES || keys.length >= (this.#single ? 1 : MAX_REPORTS))) break;
      keys.push(key);
    }

    return keys;
  }

  #strike(key) {
    if (!this.held.delete(key)) return;
    for (const one of [this.outbox, this.progress, this.#stopped, this.#sent]) one.delete(key);
    this.#ended.add(key);
    if (this.#ended.size > MAX_REMEMBERED) this.#ended.delete(this.#ended.values().next().value);
  }
}
