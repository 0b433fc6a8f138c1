// Who the gateway takes the viewer for, and the token that changes need which come with its cookie.
import { addressOf } from '../gateway.js';
import { getKey } from './key.js';

let antiforgery;

/** What goes along with each request: whose key it is, and that it is this page that asks. */
export function ownHeaders() {
  const key = getKey();
  return { 'OrleansJobs-Console': '1', ...(key && { Authorization: `Bearer ${key}` }), ...(antiforgery && { [antiforgery.header]: antiforgery.token }) };
}

/** @returns {Promise<object | undefined>} Undefined where it cannot be asked: the views say what is wrong. */
export async function getCaller() {
  try {
    const response = await fetch(addressOf('caller'), { headers: { Accept: 'application/json', ...ownHeaders() }, cache: 'no-store', credentials: 'same-origin' });
    if (!response.ok) return undefined;
    const caller = await response.json();
    antiforgery = caller.antiforgery;
    return caller;
  } catch {
    return undefined;
  }
}
