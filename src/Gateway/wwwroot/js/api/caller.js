// Who the gateway takes the viewer for, and the token that changes need which come with its cookie.
import { addressOf } from '../gateway.js';
import { getKey } from './key.js';

let antiforgery;
let who;
const changed = new EventTarget();

/** Somebody else has been found to be signed in than whom the page was made for. */
export const onSomebodyElse = (listener) => changed.addEventListener('change', listener);

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
    who = JSON.stringify([caller.by, caller.id]);
    return caller;
  } catch {
    return undefined;
  }
}

/**
 * The token that goes along has been refused: another is asked for.
 * @returns {Promise<{caller: object, isSame: boolean} | undefined>} `isSame`: it is of whoever is looking at the page, and what they asked for may be asked for again.
 */
export async function renewToken() {
  const before = who;
  const caller = await getCaller();
  if (!caller) return undefined;
  const isSame = who === before && Boolean(caller.antiforgery);
  if (!isSame) changed.dispatchEvent(new Event('change'));
  return { caller, isSame };
}
