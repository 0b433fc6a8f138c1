// Topics: events that are jobs of whoever has bound a type to their keys. docs/TOPICS.md says what they mean.
import { newId } from './ids.js';

export const pathOf = binding => `/bindings/${encodeURIComponent(binding)}`;

/** An id is made here where there is none, so that each repeat is the same event. */
export async function publish(exchange, key, data = null, { eventId = newId(), signal } = {}) {
  const answer = await exchange.ask('POST', `/topics/${encodeURIComponent(key)}`, { body: JSON.stringify(data), headers: { 'event-id': eventId }, signal });
  const { event, jobs } = answer.json;
  return { event, key: answer.json.key, jobs: Object.fromEntries(jobs.map(job => [job.binding, job.id])), replayed: answer.headers.get('idempotent-replayed') === 'true' };
}

export const put = async (exchange, binding, pattern, type, args, { queue, signal } = {}) =>
  (await exchange.ask('PUT', pathOf(binding), { body: JSON.stringify({ pattern, type, queue, args }), signal })).json;

export const get = async (exchange, binding, { signal } = {}) => (await exchange.ask('GET', pathOf(binding), { signal })).json;

export async function* list(exchange, { signal } = {}) {
  const query = new URLSearchParams({ limit: '200' });
  do {
    const page = (await exchange.ask('GET', `/bindings?${query}`, { signal })).json;
    yield* page.bindings;
    if (!page.cursor) return;
    query.set('cursor', page.cursor);
  } while (true);
}
