// History as rows: for those who read numbers rather than lines.
import { to } from '../address.js';
import { h } from '../dom.js';
import { count, duration } from '../format.js';
import { t } from '../texts.js';

const columns = [
  [t.words.submitted, ({ submitted }) => count(submitted)],
  [t.words.succeeded, ({ succeeded }) => count(succeeded)],
  [t.words.failed, ({ failed }) => count(failed)],
  [t.words.cancelled, ({ cancelled }) => count(cancelled)],
  [t.historyTables.failedAttempts, ({ retried }) => count(retried)],
  [t.historyTables.lostAttempts, ({ lost }) => count(lost)],
  [t.historyTables.ranP50, ({ runSeconds }) => seconds(runSeconds?.p50)],
  [t.historyTables.ranP95, ({ runSeconds }) => seconds(runSeconds?.p95)],
  [t.historyTables.ranP99, ({ runSeconds }) => seconds(runSeconds?.p99)],
  [t.historyTables.waitedP50, ({ waitSeconds }) => seconds(waitSeconds?.p50)],
  [t.historyTables.waitedP95, ({ waitSeconds }) => seconds(waitSeconds?.p95)],
  [t.historyTables.waitedP99, ({ waitSeconds }) => seconds(waitSeconds?.p99)],
];

const other = '(other)';

/** Sums by type or by queue, each of which leads to its own history. */
export function totalsTable(totals, label, params, name) {
  return table(label, [label], totals.map((total) => ({ head: total.name === other ? other : h('a', { href: to(['history'], { ...params, [name]: total.name }) }, total.name), cells: [], total })));
}

/** Steps in which something happened, newest first. */
export function stepsTable({ points }, timeOf) {
  const rows = points.filter((point) => point.waiting > 0 || columns.slice(0, 6).some(([, of]) => of(point) !== '0')).reverse();
  return table(t.historyTables.steps, [t.words.from, t.words.waiting], rows.map((point) => ({ head: timeOf(point.at), cells: [count(point.waiting)], total: point })));
}

function table(label, heads, rows) {
  const all = [...heads, ...columns.map(([name]) => name)];
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': label },
    h(
      'table',
      { class: 'history-table' },
      h('thead', null, h('tr', null, all.map((name, index) => h('th', { scope: 'col', class: index > 0 ? 'number' : null }, name)))),
      h('tbody', null, rows.length === 0
        ? h('tr', null, h('td', { colspan: all.length, class: 'dim' }, t.words.none))
        : rows.map(({ head, cells, total }) => h('tr', null, h('th', { scope: 'row' }, head), [...cells, ...columns.map(([, of]) => of(total))].map((text) => h('td', { class: 'number' }, text))))),
    ),
  );
}

const seconds = (value) => (value === undefined ? '' : duration(value * 1000));
