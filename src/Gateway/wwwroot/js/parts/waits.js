// What a job waits for, in words and with links.
import { to, toJob, toKey } from '../address.js';
import { h } from '../dom.js';
import { count, shortId } from '../format.js';
import { heldText } from './keyFacts.js';
import { ago } from './time.js';
import { t } from '../texts.js';

/** @param {object[]} reasons `waitingFor` of a status. */
export const waits = (reasons) => h('ul', { class: 'waits' }, reasons.map((reason) => h('li', null, words(reason))));

function words(reason) {
  const { what, name, until, done = 0, of } = reason;
  const share = of === undefined ? undefined : [count(done), count(of)];
  const said = {
    time: () => t.waits.time(ago(until)),
    retry: () => t.waits.retry(ago(until)),
    slot: () => t.waits.slot,
    batch: () => t.waits.batch(share),
    queue: () => t.waits.queue(h('a', { href: to(['queues']) }, t.queues.queues)),
    handler: () => t.waits.handler(h('code', null, reason.type)),
    job: () => t.waits.job(reason.id ? h('a', { href: toJob(reason.id) }, shortId(reason.id)) : h('code', null, name)),
    children: () => t.waits.children(name && h('code', null, name), share),
    signal: () => t.waits.signal(h('code', null, name)),
    limit: () => t.waits.limit(limited(reason), heldText({ held: reason.limit }), reason.position && count(reason.position)),
  }[what]?.() ?? [what, name && [' ', h('code', null, name)]];
  return until && what !== 'time' && what !== 'retry' ? t.waits.until(said, ago(until)) : said;
}

/** Whose limit it is: a key's, or that of the queue, over all of its keys. */
const limited = ({ key, queue }) => (key === undefined ? t.waits.limitOfQueue(h('a', { href: to(['jobs'], { queue }) }, queue)) : t.waits.limitOfKey(h('a', { href: toKey(key) }, key)));

/** The same in few words and without links, for where there is no room. */
export const waitsBriefly = (reasons) => (reasons ?? []).map((reason) => t.waits.briefly[reason.what === 'limit' && reason.key === undefined ? 'queueLimit' : reason.what] ?? reason.name ?? reason.what).join(', ');
