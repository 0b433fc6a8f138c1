// Requests that must do what they do once, however often they are asked for.
import { request } from './http.js';

// What was asked for and not answered may have been accepted. Asked for again word for word, it goes out under the same key, so that the
// gateway answers with the first job instead of making a second. By path and body; the oldest are forgotten.
const lost = new Map();
const mostLost = 50;

/**
 * @param {string} path
 * @param {string} [body] JSON text.
 * @returns {Promise<Response>} A success.
 */
export async function once(path, body, signal) {
  const what = `${path} ${body}`;
  const key = lost.get(what) ?? newKey();
  lost.delete(what);
  lost.set(what, key);
  if (lost.size > mostLost) lost.delete(lost.keys().next().value);
  const response = await request(path, { method: 'POST', body, signal, headers: { 'Idempotency-Key': `"${key}"` } });
  lost.delete(what);
  return response;
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
