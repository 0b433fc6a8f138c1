// One request until it is answered, asked again while the gateway is away.
import { Problem, Unreachable, isPassing } from './errors.js';

const FIRST = 100;
const LONGEST = 5000;

/** Milliseconds to wait after so many failures in a row: what the gateway asked for, else doubling, and never in step with others. */
export function backoff(failures, retryAfter, chance = Math.random) {
  if (retryAfter !== undefined) return retryAfter * 1000 + chance() * 100 * Math.max(retryAfter, 1);
  return Math.min(LONGEST, FIRST * 2 ** Math.min(failures - 1, 10)) * (0.5 + chance() / 2);
}

export function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

export function retryAfterOf(answer) {
  const said = Number(answer.headers.get('retry-after') ?? undefined);
  // A date: proxies may say one; our own pace will do.
  return Number.isFinite(said) ? Math.max(0, said) : undefined;
}

/** What is there of an answer's body as JSON; null where it is none. */
export async function documentOf(answer) {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

export const problemOf = async answer => new Problem(answer.status, await documentOf(answer), retryAfterOf(answer));

export class Exchange {
  /** @param {{patience: number, timeout: number}} settings milliseconds */
  constructor(address, settings) {
    this.address = address;
    this.settings = settings;
  }

  /** Sends once. Throws a TypeError or a TimeoutError where no answer came. */
  send(method, path, { body, headers, signal, wait = 0, timeout = this.settings.timeout } = {}) {
    const patience = AbortSignal.timeout(timeout + wait);
    return fetch(this.address.url + path, {
      method, body, headers: { ...this.address.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      signal: signal === undefined ? patience : anyOf(signal, patience), cache: 'no-store', redirect: 'error',
    });
  }

  /**
   * Asks until there is an answer that is not passing, and gives what it says: `{ status, headers, json }`. Everything but success is thrown.
   * `repeated` says that an answer may have been lost on the way.
   */
  async ask(method, path, options = {}) {
    // An answer may be held for as long as was asked for: what is measured is how long the gateway has been away.
    let since;
    for (let failures = 1; ; failures++) {
      let answer;
      let json;
      let lost;
      try {
        answer = await this.send(method, path, options);
        json = await textOf(answer);
      } catch (error) {
        if (options.signal?.aborted) throw options.signal.reason;
        [answer, lost] = [undefined, error];
      }

      if (answer?.ok) return { status: answer.status, headers: answer.headers, json, repeated: failures > 1 };
      const problem = answer && new Problem(answer.status, json, retryAfterOf(answer));
      if (problem && !isPassing(problem.status)) throw Object.assign(problem, { repeated: failures > 1 });
      const wait = backoff(failures, problem?.retryAfter);
      since ??= Date.now();
      if (Date.now() - since + wait > this.settings.patience) {
        throw problem ?? new Unreachable(`The gateway did not answer ${method} ${path} within ${this.settings.patience / 1000} s: ${lost?.cause?.message ?? lost?.message}`, { cause: lost });
      }

      await sleep(wait, options.signal);
    }
  }
}

async function textOf(answer) {
  const text = await answer.text();
  try {
    return text === '' ? null : JSON.parse(text);
  } catch (error) {
    // Half of an answer is none; what a proxy says in place of the gateway need not be JSON.
    if (answer.ok) throw error;
    return null;
  }
}

function anyOf(one, other) {
  if (AbortSignal.any) return AbortSignal.any([one, other]);
  const both = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) both.abort(signal.reason);
    else signal.addEventListener('abort', () => both.abort(signal.reason), { once: true });
  }

  return both.signal;
}
