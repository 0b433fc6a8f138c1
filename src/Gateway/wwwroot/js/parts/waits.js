// What a job waits for, in words and with links.
import { to, toJob, toKey } from '../address.js';
import { h } from '../dom.js';
import { count, shortId } from '../format.js';
import { heldText } from './keyFacts.js';
import { ago } from './time.js';

/** @param {object[]} reasons `waitingFor` of a status. */
export const waits = (reasons) => h('ul', { class: 'waits' }, reasons.map((reason) => h('li', null, words(reason))));

function words(reason) {
  const until = reason.until && [', until ', ago(reason.until)];
  switch (reason.what) {
    case 'time':
      return ['Its time: ', ago(reason.until)];
    case 'retry':
      return ['Its next attempt: ', ago(reason.until)];
    case 'slot':
      return 'A free slot';
    case 'batch':
      return ['Others to run with', reason.of !== undefined && `: ${count(reason.done ?? 0)} of ${count(reason.of)} are there`, until];
    case 'queue':
      return ['Its queue, which is paused: ', h('a', { href: to(['queues']) }, 'Queues')];
    case 'handler':
      return ['A silo with a handler for ', h('code', null, reason.type)];
    case 'job':
      return ['Job ', reason.id ? h('a', { href: toJob(reason.id) }, shortId(reason.id)) : h('code', null, reason.name)];
    case 'children':
      return ['Children', reason.name && [' ', h('code', null, reason.name)], reason.of !== undefined && `: ${count(reason.done ?? 0)} of ${count(reason.of)} have ended`, until];
    case 'signal':
      return ['Signal ', h('code', null, reason.name), until];
    case 'limit':
      return ['Key ', h('a', { href: toKey(reason.key) }, reason.key), `: ${heldText({ held: reason.limit })}`, reason.position && `, place ${count(reason.position)}`, until];
    default:
      return [reason.what, reason.name && [' ', h('code', null, reason.name)], until];
  }
}

/** The same in few words and without links, for where there is no room. */
export function waitsBriefly(reasons) {
  const brief = { time: 'its time', retry: 'its next attempt', slot: 'a slot', batch: 'others to run with', queue: 'its paused queue', handler: 'a handler', limit: 'its key' };
  return (reasons ?? []).map((reason) => brief[reason.what] ?? reason.name ?? reason.what).join(', ');
}
