// One session of docs/WORKERS.md without a wire and without a clock: what the next call says, and what an answer means.
import { Lines } from './lines.js';
import { clip, failure } from './reports.js';

/** Half of what may be held: the next leases come while the reports of these are stored. */
const MAX_WANT = 500;
/** What every gateway takes: it may be of an older release than the worker. */
const LEAST_WANT = 100;
const MAX_HELD = 1000;
const MAX_REPORTS = 1000;
const MAX_BYTES = 3 << 20;
/** Of progress, beside that of reports: a call may be 4 MiB. */
const MAX_PROGRESS_BYTES = 1 << 19;
const MAX_LINES_BYTES = 1 << 18;
const MAX_REMEMBERED = 20_000;
const NO_LINES = /^\/(?:reports\/\d+\/)?logs(?:\/|$)/;
const NO_TRACE = /^\/reports\/\d+\/error\/trace(?:\/|$)/;
const POINTER = /^\/(reports|progress)\/(\d+)(?:\/|$)/;
const NEWS = /^\/(?:reports|progress|logs)(?:\/|$)/;

const hasNews = call => call.reports.length > 0 || call.progress.size > 0 || call.lines.size > 0;

export const keyOf = lease => `${lease.token}:${lease.id}`;

export class Session {
  #seq = 0;
  #sent = new Set();
  #stopped = new Set();
  #ended = new Set();
  /** Reports of a call that was refused without a word of which is wrong: until none of them is left, each goes alone. */
  #doubtful = new Set();
  /** The next call says no news at all: if it is refused too, it is not for what there is to say. */
  #probing = false;
  #texts = new WeakMap();
  #most = MAX_WANT;

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
    this.lines = new Lines();
  }

  get hasNews() {
    return this.outbox.size > 0 || this.progress.size > 0;
  }

  /** The newest counts, and what it leaves out stays as it was said before. */
  say(key, progress) {
    if (this.held.has(key) && !this.outbox.has(key)) this.progress.set(key, { ...this.progress.get(key), ...progress });
  }

  /** What an attempt has logged. */
  log(key, line) {
    if (this.held.has(key) && !this.outbox.has(key)) this.lines.add(key, line);
  }

  /** How an attempt ended. What is not held any more was lost, and needs no report. */
  report(key, report) {
    if (this.held.has(key) && !this.outbox.has(key)) this.outbox.set(key, report);
  }

  call(want, wait, bye = false) {
    const seq = ++this.#seq;
    // Only opens the session: were the answer lost that brings leases, nobody would know whose they are.
    if (this.id === undefined) return { seq, body: JSON.stringify({ seq, types: this.types, ...this.who }), reports: [], progress: new Map(), lines: new Map(), waits: false, want: 0 };
    const reports = this.#probing ? [] : this.#pick();
    // Beside what is doubted nothing is said that could be at fault as well.
    const alone = this.#probing || (this.#doubtful.size > 0 && reports.length > 0);
    const progress = alone ? new Map() : this.#pickProgress();
    const { said: lines, through } = alone ? { said: [], through: new Map() } : this.lines.pick(this.outbox, MAX_LINES_BYTES);
    // What it does not carry would be handed back.
    const isBye = bye && reports.length === this.outbox.size;
    for (const key of reports) this.#sent.add(key);
    const asked = Math.max(0, Math.min(want, this.#most, MAX_HELD - this.held.size));
    const waits = wait > 0 && reports.length === 0 && progress.size === 0 && lines.length === 0 && !bye && !this.#probing;
    const named = (key, more) => ({ id: this.held.get(key).id, token: this.held.get(key).token, ...more });
    const head = JSON.stringify({
      session: this.id, seq, types: this.names, ...this.who, want: asked, wait: waits ? wait : 0,
      holds: [...this.held.keys()].filter(key => !this.#sent.has(key)).map(key => named(key)),
      ...(progress.size > 0 ? { progress: [...progress].map(([key, said]) => named(key, said)) } : {}),
      ...(lines.length > 0 ? { logs: lines.map(([key, what]) => named(key, what)) } : {}),
      ...(isBye ? { bye: true } : {}),
    });
    const said = reports.map(key => {
      const logs = this.lines.ofReport(key);
      return `${JSON.stringify(named(key, logs && { logs })).slice(0, -1)},${this.#textOf(this.outbox.get(key)).slice(1)}`;
    });
    const body = said.length > 0 ? `${head.slice(0, -1)},"reports":[${said.join(',')}]}` : head;
    return { seq, body, reports, progress, lines: through, waits, want: asked, isBye };
  }

  answered(call, answer) {
    this.lines.heard(call.lines);
    this.#probing &&= hasNews(call);
    this.id = answer.session;
    this.heartbeat = answer.heartbeat ?? this.heartbeat;
    const stale = [];
    for (const said of answer.reports ?? []) {
      const key = keyOf(said);
      if (said.status !== 200) stale.push(said.id);
      this.#strike(key);
    }

    for (const key of this.#doubtful) if (!this.outbox.has(key)) this.#doubtful.delete(key);
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
    this.lines.unheard(call.lines);
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

    if (this.#most > LEAST_WANT && problem.mistakes.some(mistake => mistake.pointer === '/want')) {
      this.#most = LEAST_WANT;
      this.failed(call);
      // The grid has not read them.
      for (const key of call.reports) this.#sent.delete(key);
      return true;
    }

    if (![400, 413, 422].includes(problem.status) || !hasNews(call)) return false;
    // The grid has not read them.
    for (const key of call.reports) this.#sent.delete(key);
    if (problem.mistakes.some(mistake => NO_LINES.test(mistake.pointer ?? ''))) {
      // No job is to fail for what it has logged.
      this.lines.refuse();
      return true;
    }

    if (problem.mistakes.some(mistake => NO_TRACE.test(mistake.pointer ?? ''))) {
      for (const [key, { error, ...report }] of this.outbox) {
        if (error?.trace !== undefined) this.outbox.set(key, { ...report, error: { ...error, trace: undefined } });
      }

      return true;
    }

    // What is wrong is none of what there is to say.
    if (problem.mistakes.length > 0 && !problem.mistakes.some(mistake => NEWS.test(mistake.pointer ?? ''))) return false;
    const places = problem.mistakes.map(mistake => POINTER.exec(mistake.pointer ?? '')).filter(Boolean);
    if (places.length === 0) return this.#takeApart(call, problem);
    for (const [, part, index] of places) {
      if (part === 'reports' && Number(index) < call.reports.length) this.#replace(call.reports[Number(index)], problem);
      else if (part === 'progress') this.progress.delete([...call.progress.keys()][Number(index)]);
    }

    return true;
  }

  /**
   * It is not said which part is wrong: lines and progress are given up, and reports go one by one until the wrong one is found. Whatever says no news has to be
   * answered before each of them: something on the way that refuses all there is costs no job its result.
   */
  #takeApart(call, problem) {
    for (const key of call.progress.keys()) this.progress.delete(key);
    const [first] = call.reports;
    if (first === undefined) {
      this.lines.heard(call.lines);
      return true;
    }

    if (call.reports.length === 1 && this.#doubtful.has(first)) {
      // No job is to fail for what it has logged.
      if (this.lines.ofReport(first) !== undefined) this.lines.delete(first);
      else this.#replace(first, problem);
    }

    for (const key of call.reports) this.#doubtful.add(key);
    this.#probing = true;
    return true;
  }

  /** A result that the grid does not take fails its job, or the job would never end. */
  #replace(key, problem) {
    const report = this.outbox.get(key);
    if (report === undefined) return;
    const substitute = failure(clip(`The grid refused the report: ${problem.message}`, 1000), { type: problem.name, isFinal: true });
    this.outbox.set(key, JSON.stringify(report) === JSON.stringify(substitute) ? { outcome: 'returned' } : substitute);
  }

  #pick() {
    const keys = [];
    let size = 0;
    for (const [key, report] of this.outbox) {
      // With its lines, as the call writes them.
      size += Buffer.byteLength(this.#textOf(report)) + Buffer.byteLength(JSON.stringify(this.lines.ofReport(key) ?? null)) + 200;
      if (keys.length > 0 && (size > MAX_BYTES || keys.length >= (this.#doubtful.size > 0 ? 1 : MAX_REPORTS))) break;
      keys.push(key);
    }

    return keys;
  }

  #pickProgress() {
    const progress = new Map();
    let size = 0;
    for (const [key, said] of this.progress) {
      size += Buffer.byteLength(JSON.stringify(said)) + 100;
      if (progress.size > 0 && (size > MAX_PROGRESS_BYTES || progress.size === MAX_REPORTS)) break;
      progress.set(key, said);
      this.progress.delete(key);
    }

    return progress;
  }

  /** Written once, however often it is measured and sent. */
  #textOf(report) {
    let text = this.#texts.get(report);
    if (text === undefined) this.#texts.set(report, text = JSON.stringify(report));
    return text;
  }

  #strike(key) {
    if (!this.held.delete(key)) return;
    for (const one of [this.outbox, this.progress, this.lines, this.#stopped, this.#sent, this.#doubtful]) one.delete(key);
    this.#ended.add(key);
    if (this.#ended.size > MAX_REMEMBERED) this.#ended.delete(this.#ended.values().next().value);
  }
}
