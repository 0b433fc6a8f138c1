// Schedules: recurring jobs, kept by the grid. docs/SCHEDULES.md says what they mean.
import { Problem } from './errors.js';
import { newId } from './ids.js';
import { instant } from './instants.js';

const pathOf = (id, more = '') => `/schedules/${encodeURIComponent(id)}${more}`;
const INSTANTS = ['anchor', 'start', 'end'];
/** What an answer leaves out where it was not put. */
const OPTIONAL = [
  'type', 'flow', 'cron', 'every', 'zone', 'count', 'start', 'end', 'key', 'weight', 'attempts', 'timeout', 'deadline', 'retention', 'notify', 'missedAfter', 'missedWithin'];
/** What goes without saying. */
const DEFAULTS = { args: {}, tags: {}, priority: 4, jitter: 0, overlap: 'skip', missed: 'one' };

/** `ifVersion`: only where this is its version still, or, with '', where there is none. */
export async function put(exchange, id, { ifVersion, signal, anchor, start, end, ...what }) {
  const body = withoutGaps({ ...what, anchor: instant(anchor), start: instant(start), end: instant(end) });
  const headers = ifVersion === undefined ? {} : ifVersion === '' ? { 'if-none-match': '*' } : { 'if-match': JSON.stringify(ifVersion) };
  try {
    return (await exchange.ask('PUT', pathOf(id), { body: JSON.stringify(body), headers, signal })).json;
  } catch (error) {
    if (ifVersion === undefined || !(error instanceof Problem && error.status === 412 && error.repeated)) throw error;
    // Its own edit may stand in its way, whose answer was lost.
    const found = await get(exchange, id, { signal }).catch(() => undefined);
    if (found === undefined || !says(found, body)) throw error;
    return found;
  }
}

export const get = async (exchange, id, { signal } = {}) => (await exchange.ask('GET', pathOf(id), { signal })).json;

export async function* list(exchange, { signal } = {}) {
  for (let cursor; ;) {
    const page = (await exchange.ask('GET', `/schedules${cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`}`, { signal })).json;
    yield* page.schedules;
    if (!page.cursor) return;
    cursor = page.cursor;
  }
}

export async function remove(exchange, path, { signal } = {}) {
  try {
    await exchange.ask('DELETE', path, { signal });
  } catch (error) {
    if (!(error instanceof Problem && error.status === 404 && error.repeated)) throw error;
  }
}

export const order = async (exchange, id, what, { reason, signal } = {}) =>
  (await exchange.ask('POST', pathOf(id, what), { body: reason === undefined ? undefined : JSON.stringify({ reason }), signal })).json;

/** Under a key, so that however often it is asked it submits one job. */
export const trigger = async (exchange, id, { key = newId(), signal } = {}) =>
  (await exchange.ask('POST', pathOf(id, '/trigger'), { headers: { 'idempotency-key': JSON.stringify(key) }, signal })).json.job;

export const backfill = async (exchange, id, from, to, { signal } = {}) =>
  (await exchange.ask('POST', pathOf(id, '/backfill'), { body: JSON.stringify({ from: instant(from), to: instant(to) }), signal })).json.jobs;

export const runs = async (exchange, id, { signal } = {}) => (await exchange.ask('GET', pathOf(id, '/runs'), { signal })).json.runs;

export async function next(exchange, { signal, ...what }) {
  const query = new URLSearchParams(Object.entries(withoutGaps(what)).map(([name, value]) => [name, String(instant(value))]));
  return (await exchange.ask('GET', `/schedules/next?${query}`, { signal })).json.next;
}

export const deletePath = pathOf;

const withoutGaps = members => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** Whether a schedule is what it was put as: a put replaces, so what was not said must be as if it never had been. */
export const says = (found, put) => countsFrom(found, put)
  && [...new Set([...OPTIONAL, ...Object.keys(DEFAULTS), ...Object.keys(put)])].every(name => same(name, found[name] ?? DEFAULTS[name], put[name] === undefined ? DEFAULTS[name] : put[name]));

/** Whether a period counts from where it does when nobody says it; an answer tells that either way. */
function countsFrom(found, put) {
  if (put.every === undefined || put.anchor !== undefined || found.anchor === undefined) return true;
  return Date.parse(found.anchor) === (put.start === undefined ? Math.floor(Date.parse(found.createdAt) / 1000) * 1000 : Date.parse(put.start));
}

function same(name, found, put) {
  if (found === undefined || put === undefined) return found === put;
  if (INSTANTS.includes(name)) return Date.parse(found) === Date.parse(put);
  if (name === 'flow') {
    return Array.isArray(put.jobs) && found.jobs?.length === put.jobs.length && put.jobs.every((job, index) => sameJob(found.jobs[index], job))
      && equal(found.result, put.result) && (found.onFailure ?? 'cancel') === (put.onFailure ?? 'cancel');
  }
  if (name !== 'notify') return equal(found, put);
  const asked = put.map(one => typeof one === 'string' ? { url: one } : one);
  return found.length === asked.length && asked.every(({ url, on }, index) =>
    found[index].url === url && (on === undefined || equal([...found[index].on].sort(), [...on].sort())));
}

/** One job of a flow; its queue and key are told also where its type says them. */
const sameJob = (found, put) => [...new Set([...Object.keys(found), ...Object.keys(put)])]
  .filter(name => put[name] !== undefined || !['queue', 'key', 'keyWeight'].includes(name)).every(name => equal(member(found, name), member(put, name)));

const member = (job, name) => name === 'after'
  ? (job.after ?? []).map(edge => ({ on: 'success', ...typeof edge === 'string' ? { job: edge } : edge }))
  : job[name] ?? { tags: {}, weight: 1 }[name];

function equal(one, other) {
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return (one ?? null) === (other ?? null);
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Array.isArray(one) === Array.isArray(other) && names.every(name => equal(one[name], other[name]));
}
