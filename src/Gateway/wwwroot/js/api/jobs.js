// The gateway's routes for jobs.
import { getJson, getText, postJson, request } from './http.js';
import { once } from './once.js';

const job = (id) => `jobs/${encodeURIComponent(id)}`;

/** @param {string} [watchToken] Lets a key without the right to read in. */
export const getJob = (id, signal, watchToken) => getJson(watchToken ? `${job(id)}?watchToken=${encodeURIComponent(watchToken)}` : job(id), { signal });

/** The address of the events of many jobs; with tokens, in the order of the jobs. */
export const eventsOf = (ids, watchTokens) => `events?jobs=${list(ids)}${watchTokens ? `&watchToken=${list(watchTokens)}` : ''}`;
const list = (all) => all.map(encodeURIComponent).join(',');

export const getArgs = (id, signal) => getText(`${job(id)}/args`, { signal });
export const getResult = (id, signal) => getText(`${job(id)}/result`, { signal });
export const cancelJob = (id) => postJson(`${job(id)}/cancel`);
export const retryJob = (id) => postJson(`${job(id)}/retry`);

export const prioritiseJob = (id, priority) => postJson(`${job(id)}/priority`, { priority });

export const transferJob = (id, queue) => postJson(`${job(id)}/queue`, { queue });

/** @param {string} body What is to be otherwise, as JSON text. */
export const copyJob = async (id, body) => (await once(`${job(id)}/copy`, body)).json();

/** @param {string} [eta] Without it, now. */
export const moveJob = (id, eta) => postJson(`${job(id)}/due`, eta ? { eta } : undefined);

/** @param {string} body JSON text. */
export const sendSignal = (id, name, body) => once(`${job(id)}/signals/${encodeURIComponent(name)}`, body);
export const deleteJob = (id) => request(job(id), { method: 'DELETE' });

/** The parameters of a filter of the page, of which empty ones do not filter. `tag` is `name=value`. */
export function parametersOf({ tag, ...filter }) {
  const parameters = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  if (tag) {
    const [name, value = ''] = tag.split(/=(.*)/s);
    parameters[`tag.${name}`] = value;
  }
  return parameters;
}

/**
 * @param {object} filter What the parameters of `GET /jobs` are called, and `tag` (as `name=value`); empty ones do not filter.
 * @returns {Promise<{jobs: object[], cursor?: string, search?: {lookedAt: number, reached: string}}>}
 */
export const listJobs = (filter, signal) => getJson(`jobs?${new URLSearchParams(parametersOf(filter))}`, { signal });

/**
 * Does something to many jobs.
 * @param {{action: string, filter?: object, ids?: string[], reason?: string, dryRun?: boolean}} order
 * @returns {Promise<object>} The job that does it.
 */
export const actOnJobs = async (order, signal) => {
  // What is only counted is counted anew: nothing is done twice by it, and what was counted before may have changed.
  const response = order.dryRun ? await request('jobs:act', { method: 'POST', body: JSON.stringify(order), signal }) : await once('jobs:act', JSON.stringify(order), signal);
  return response.json();
};

/** The job once it has ended, or after a while as it is. */
export const waitForJob = (id, signal) => getJson(job(id), { signal, headers: { Prefer: 'wait=10' } });

/** @param {string} body The submission as JSON text. */
export const submitJob = async (body) => (await once('jobs', body)).json();
