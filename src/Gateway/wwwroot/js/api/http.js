// One request to the gateway this page came from.
import { getKey } from './key.js';
import { problemOf, unreachable } from './problem.js';

/**
 * @param {string} path
 * @param {{method?: string, body?: string, headers?: object, signal?: AbortSignal}} [options] `body` is JSON text.
 * @returns {Promise<Response>} A success.
 * @throws {import('./problem.js').Problem}
 */
export async function request(path, { method = 'GET', body, headers, signal } = {}) {
  const all = new Headers({ Accept: 'application/json', ...headers });
  const key = getKey();
  if (key) all.set('Authorization', `Bearer ${key}`);
  if (body !== undefined) all.set('Content-Type', 'application/json');
  let response;
  try {
    response = await fetch(path, { method, body, headers: all, signal, cache: 'no-store', credentials: 'same-origin' });
  } catch (error) {
    throw error.name === 'AbortError' ? error : unreachable();
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export const getJson = async (path, options) => (await request(path, options)).json();
export const getText = async (path, options) => (await request(path, options)).text();
export const postJson = async (path, value, options) =>
  (await request(path, { ...options, method: 'POST', body: value === undefined ? undefined : JSON.stringify(value) })).json();
