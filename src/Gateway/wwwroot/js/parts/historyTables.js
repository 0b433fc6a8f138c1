// History as rows: for those who read numbers rather than lines.
import { to } from '../address.js';
import { h } from '../dom.js';
import { count, duration } from '../format.js';

const columns = [
  ['Submitted', ({ submitted }) => count(submitted)],
  ['Succeeded', ({ succeeded }) => count(succeeded)],
  ['Failed', ({ failed }) => count(failed)],
  ['Cancelled', ({ cancelled }) => count(cancelled)],
  ['Failed attempts', ({ retried }) => count(retried)],
  ['Lost attempts', ({ lost }) => count(lost)],
  ['Ran p50', ({ runSeconds }) => seconds(runSeconds?.p50)],
  ['Ran p95', ({ runSeconds }) => seconds(runSeconds?.p95)],
  ['Ran p99', ({ runSeconds }) => seconds(runSeconds?.p99)],
  ['Waited p50', ({ waitSeconds }) => seconds(waitSeconds?.p50)],
  ['Waited p95', ({ waitSeconds }) => seconds(waitSeconds?.p95)],
  ['Waited p99', ({ waitSeconds }) => seconds(waitSeconds?.p99)],
];

const other = '(other)';

/** Sums by type or by queue, each of which leads to its own history. */
export function totalsTable(totals, label, params, name) {
  return table(label, [label], totals.map((total) => ({ head: total.name === other ? other : h('a', { href: to(['history'], { ...params, [name]: total.name }) }, total.name), cells: [], total })));
}

/** Steps in which something happened, newest first. */
export function stepsTable({ points }, timeOf) {
  const rows = points.filter((point) => point.waiting > 0 || columns.slice(0, 6).some(([, of]) => of(point) !== '0')).reverse();
  return table('Steps', ['From', 'Waiting'], rows.map((point) => ({ head: timeOf(point.at), cells: [count(point.waiting)], total: point })));
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
        ? h('tr', null, h('td', { colspan: all.length, class: 'dim' }, 'None'))
        : rows.map(({ head, cells, total }) => h('tr', null, h('th', { scope: 'row' }, head), [...cells, ...columns.map(([, of]) => of(total))].map((text) => h('td', { class: 'number' }, text))))),
    ),
  );
}

const seconds = (value) => (value === undefined ? '' : duration(value * 1000));
