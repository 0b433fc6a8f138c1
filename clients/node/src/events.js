// Live events: a parser for Server-Sent Events, and what to do when a stream breaks.
import { Unreachable, isPassing } from './errors.js';
import { backoff, problemOf, retryAfterOf, sleep } from './exchange.js';

/** Without a byte for so long a stream counts as broken: three pings. */
const SILENCE = 45_000;
const MAX_EVENT = 64 << 20;

/** Takes text as it comes, cut anywhere, and gives whole events. */
export class EventParser {
  #rest = '';
  #data = [];
  #name = '';
  #size = 0;
  lastId;

  feed(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    if (this.#size + this.#rest.length > MAX_EVENT) throw new RangeError('an event is larger than anything the gateway sends');
    const events = [];
    for (const line of lines) this.#take(line.endsWith('\r') ? line.slice(0, -1) : line, events);
    return events;
  }

  #take(line, events) {
    if (line === '') {
      if (this.#data.length > 0) events.push({ name: this.#name || 'message', data: this.#data.join('\n'), id: this.lastId });
      [this.#data, this.#name, this.#size] = [[], '', 0];
      return;
    }

    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length;
    } else if (field === 'event') this.#name = value;
    else if (field === 'id' && !value.includes('\0')) this.lastId = value;
  }
}

/** Each job's status now and whenever there is a newer one, until all have ended, over as many connections as it takes. */
export async function* watch(exchange, ids, signal) {
  if (ids.length === 0) throw new TypeError('name at least one job to watch');
  if (ids.length > 100) throw new TypeError('one stream follows at most 100 jobs');
  const path = ids.length === 1 ? `/jobs/${encodeURIComponent(ids[0])}/events` : `/events?jobs=${ids.map(encodeURIComponent).join(',')}`;
  const left = new Set(ids);
  const versions = new Map();
  let lastId;
  let failures = 0;
  let failingSince;
  while (true) {
    const broken = new AbortController();
    const parser = new EventParser();
    let retryAfter;
    let lost;
    try {
      const stop = () => broken.abort(signal.reason);
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const headers = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
        const answer = await fetch(exchange.address.url + path, { headers: { ...exchange.address.headers, ...headers }, signal: broken.signal, cache: 'no-store', redirect: 'error' });
        // All has been told.
        if (answer.status === 204) return;
        if (answer.status !== 200) {
          const problem = await problemOf(answer);
          if (!isPassing(answer.status)) throw Object.assign(problem, { isFinal: true });
          [retryAfter, lost] = [retryAfterOf(answer), problem];
        } else {
          for await (const text of textsOf(answer, broken)) {
            [failures, failingSince] = [0, undefined];
            for (const event of parser.feed(text)) {
              if (event.name === 'ping' || event.data === '') continue;
              const job = JSON.parse(event.data);
              lastId = event.id;
              if (job.version <= (versions.get(job.id) ?? -1)) continue;
              versions.set(job.id, job.version);
              if (ended(job)) left.delete(job.id);
              // It was run again.
              else left.add(job.id);
              yield job;
            }
          }

          // The stream ended in order: for good, once every job has been told to its end, or is gone.
          if (left.size === 0 || (ids.length > 1 && parser.lastId?.startsWith('end:'))) return;
        }
      } finally {
        signal?.removeEventListener('abort', stop);
        broken.abort();
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error.isFinal) throw error;
      lost = error;
    }

    failures++;
    failingSince ??= Date.now();
    const wait = backoff(failures, retryAfter);
    if (Date.now() - failingSince + wait > exchange.settings.patience) {
      throw new Unreachable(`The stream of events broke and was not to be had again: ${lost?.message ?? 'it ended'}`, { cause: lost });
    }

    await sleep(wait, signal);
  }
}

async function* textsOf(answer, broken) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  while (true) {
    const silent = setTimeout(() => broken.abort(new Error('the stream fell silent')), SILENCE);
    let part;
    try {
      part = await reader.read();
    } finally {
      // What whoever watches does with it is none of the stream's silence.
      clearTimeout(silent);
    }

    if (part.done) return;
    yield decoder.decode(part.value, { stream: true });
  }
}

export const ended = job => job.state === 'SUCCESS' || job.state === 'FAILURE' || job.state === 'REVOKED';
