// Who looks at this page, and what they may do. What they may not is not offered; that it is not done either is the gateway's business.
import { getCaller } from '../api/caller.js';

/** For a screen on the wall: said in the address (`?readonly`), or by the gateway. */
const isForLooking = new URLSearchParams(location.search).has('readonly');
const changed = new EventTarget();
let caller;

/** Has to be asked before the first view, and whenever there is another key. */
export async function askCaller() {
  caller = await getCaller();
  changed.dispatchEvent(new Event('change'));
}

export const onCaller = (listener) => changed.addEventListener('change', () => listener(caller));

/** Whether the address says that it is for looking: there is nobody before it. */
export const isOnTheWall = () => isForLooking;

export const isReadOnly = () => isForLooking || Boolean(caller?.readOnly);

/** @param {'submit' | 'read' | 'operate'} scope Whoever is not known yet is told so by what they try. */
export function may(scope) {
  if (isReadOnly() && scope !== 'read') return false;
  return !caller || caller.by === 'nobody' || caller.scopes.includes(scope);
}

/** The queues that the viewer is limited to; none: all. */
export const ownQueues = () => caller?.queues ?? [];

/** Whether they see all queues, and with them what is of all queues. */
export const seesAll = () => ownQueues().length === 0;

/** Where the host signs people in, and back to what they look at; undefined where it does not, or somebody is. */
export function signInAddress() {
  const path = caller?.by === 'nobody' ? caller.signIn?.path : undefined;
  return path && `${path}${path.includes('?') ? '&' : '?'}ReturnUrl=${encodeURIComponent(location.pathname + location.search + location.hash)}`;
}
