// How many jobs there are, by queue and type, and by state.
import { to } from '../address.js';
import { h, refill } from '../dom.js';
import { count } from '../format.js';
import { stateName, states } from '../live/jobStates.js';
import { t } from '../texts.js';

export function countsTable() {
  const body = h('tbody');
  const element = h(
    'section',
    { 'aria-labelledby': 'counts' },
    h('h2', { id: 'counts' }, t.countsTable.jobsInTheStore),
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': 'counts' }, h('table', null, h('thead', null, h('tr', null, h('th', { scope: 'col' }, t.countsTable.queueAndType), states.map((state) => h('th', { scope: 'col', class: 'number' }, stateName(state))))), body)),
  );
  let shown;

  function set(counts) {
    const now = JSON.stringify(counts);
    if (now === shown) return;
    shown = now;
    const rows = rowsOf(counts);
    refill(body, rows.length === 0 ? h('tr', null, h('td', { colspan: states.length + 1, class: 'dim' }, t.words.none)) : rows.map(row));
  }
  return { element, set };
}

/** One row a queue and type, in their order. */
export function rowsOf(counts) {
  const rows = new Map();
  for (const { queue, type, state, jobs } of counts) {
    const key = JSON.stringify([queue, type]);
    const row = rows.get(key) ?? { queue, type, jobs: {} };
    rows.set(key, row);
    row.jobs[state] = (row.jobs[state] ?? 0) + jobs;
  }
  return [...rows.values()].sort((a, b) => a.queue.localeCompare(b.queue) || a.type.localeCompare(b.type));
}

function row({ queue, type, jobs }) {
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, h('span', { class: 'dim' }, `${queue} / `), type),
    states.map((state) => h('td', { class: 'number' }, jobs[state] ? h('a', { href: to(['jobs'], { state, queue, type }) }, count(jobs[state])) : h('span', { class: 'dim' }, '0'))),
  );
}
