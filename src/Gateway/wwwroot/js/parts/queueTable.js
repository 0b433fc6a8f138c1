// How full queues are, for those who see only some and not the figures of the whole grid.
import { to } from '../address.js';
import { h, refill } from '../dom.js';
import { count } from '../format.js';
import { t } from '../texts.js';

export function queueTable() {
  const body = h('tbody');
  const element = h(
    'section',
    { 'aria-labelledby': 'own-queues' },
    h('h2', { id: 'own-queues' }, t.queueTable.yourQueues),
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': 'own-queues' }, h('table', null, h('thead', null, h('tr', null, [t.words.queue, t.words.waiting, t.words.running, t.words.paused].map((name, index) => h('th', { scope: 'col', class: index > 0 && index < 3 ? 'number' : null }, name)))), body)),
  );
  let shown;

  function set(queues) {
    const now = JSON.stringify(queues);
    if (now === shown) return;
    shown = now;
    refill(body, queues.length === 0 ? h('tr', null, h('td', { colspan: 4, class: 'dim' }, t.words.none)) : queues.map(row));
  }
  return { element, set };
}

const row = ({ name, pending, running, paused, reason }) =>
  h(
    'tr',
    { data: { queue: name } },
    h('th', { scope: 'row' }, name),
    h('td', { class: 'number' }, h('a', { href: to(['jobs'], { queue: name, state: 'PENDING' }) }, count(pending))),
    h('td', { class: 'number' }, h('a', { href: to(['jobs'], { queue: name, state: 'PROGRESS' }) }, count(running))),
    h('td', null, paused ? (reason ?? t.queueTable.yes) : t.queueTable.no),
  );
