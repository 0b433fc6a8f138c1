// One request to the gateway this page came from.
import { addressOf } from '../gateway.js';
import { ownHeaders, renewToken } from './caller.js';
import { problemOf, somebodyElse, unreachable } from './problem.js';

const staleToken = 'urn:orleansjobs:problem:antiforgery';

/**
 * @param {string} path
 * @param {{method?: string, body?: string, headers?: object, signal?: AbortSignal}} [options] `body` is JSON text.
 * @returns {Promise<Response>} A success.
 * @throws {import('./problem.js').Problem}
 */
export async function request(path, options) {
  const response = await send(path, options);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.type !== staleToken) throw problem;
  // The host was restarted, or its cookie is another: nothing was done, and with the token of now it will be. But not as somebody else, who has signed in since.
  const renewed = await renewToken();
  if (!renewed) throw problem;
  if (!renewed.isSame) throw somebodyElse(renewed.caller);
  const again = await send(path, options);
  if (!again.ok) throw await problemOf(again);
  return again;
}

async function send(path, { method = 'GET', body, headers, signal } = {}) {
  const all = new Headers({ Accept: 'application/json', ...ownHeaders(), ...headers });
  if (body !== undefined) all.set('Content-Type', 'application/json');
  try {
    return await fetch(addressOf(path), { method, body, headers: all, signal, cache: 'no-store', credentials: 'same-origin' });
  } catch (error) {
    throw error.name === 'AbortError' ? error : unreachable();
  }
}

export const getJson = async (path, options) => (await request(path, options)).json();
export const getText = async (path, options) => (await request(path, options)).text();
export const postJson = async (path, value, options) =>
  (await request(path, { ...options, method: 'POST', body: value === undefined ? undefined : JSON.stringify(value) })).json();
