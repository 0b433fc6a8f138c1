// A page of jobs as a table that becomes cards on a narrow screen. Rows of jobs that have not ended are live.
import { toJob } from '../address.js';
import { h, setText } from '../dom.js';
import { shortId } from '../format.js';
import { watchJob } from '../live/jobFeed.js';
import { isFinished } from '../live/jobStates.js';
import { badge } from './badge.js';
import { bar } from './bar.js';
import { errorText } from './jobCard.js';
import { ago } from './time.js';
import { t } from '../texts.js';

const columns = [t.words.job, t.words.state, t.words.progress, t.words.queue, t.words.submitted, t.jobTable.says];

/** @param {{onPick?: (ids: string[]) => void}} [options] With `onPick` rows can be picked, and it is told which are. */
// Roles are said in full, since a table laid out as cards is no table to some screen readers.
export function jobTable(signal, { onPick } = {}) {
  const rows = new Map();
  const all = onPick && h('input', { type: 'checkbox', class: 'pick', 'aria-label': t.jobTable.pickAllOnThisPage, on: { change: pickAll } });
  const body = h('tbody', { role: 'rowgroup' });
  const element = h('table', { class: 'jobs-table', role: 'table' }, h('caption', { class: 'unseen' }, t.jobTable.jobsNewestFirst), h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map((name, index) => h('th', { scope: 'col', role: 'columnheader' }, index === 0 && all, name)))), body);

  /** Shows these and no others, keeping the rows that stay, so that focus and selection stay too. */
  function set(jobs) {
    const wanted = new Set(jobs.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      row.end();
      rows.delete(id);
    }
    let next = body.firstChild;
    for (const job of jobs) {
      let row = rows.get(job.id);
      if (row) row.update(job);
      else rows.set(job.id, (row = jobRow(job, signal, onPick && told)));
      if (row.element === next) next = next.nextSibling;
      else body.insertBefore(row.element, next);
    }
    if (onPick) told();
  }

  function pickAll() {
    for (const row of rows.values()) row.pick.checked = all.checked;
    told();
  }

  const picked = () => [...rows].filter(([, row]) => row.pick.checked).map(([id]) => id);

  function told() {
    const ids = picked();
    all.checked = ids.length > 0 && ids.length === rows.size;
    all.indeterminate = ids.length > 0 && ids.length < rows.size;
    onPick(ids);
  }

  return { element, set, picked };
}

function jobRow(first, signal, onPick) {
  let job = first;
  const state = badge(job);
  const progress = bar(job);
  const pick = onPick && h('input', { type: 'checkbox', class: 'pick', 'aria-label': t.jobTable.pick(job.type, shortId(job.id)), on: { change: onPick } });
  const says = h('td', { class: 'cell-says', role: 'cell', data: { label: t.jobTable.says } });
  const element = h(
    'tr',
    { role: 'row', data: { job: job.id } },
    h('th', { scope: 'row', role: 'rowheader', class: 'cell-job' }, pick, h('a', { href: toJob(job.id), title: job.id }, job.type, ' ', h('span', { class: 'id' }, shortId(job.id)))),
    h('td', { class: 'cell-state', role: 'cell' }, state.element),
    h('td', { class: 'cell-progress', role: 'cell' }, progress.element),
    h('td', { role: 'cell', data: { label: t.words.queue } }, job.queue),
    h('td', { role: 'cell', data: { label: t.words.submitted } }, ago(job.submittedAt)),
    says,
  );
  const watching = new AbortController();
  const stop = () => watching.abort();
  signal.addEventListener('abort', stop, { signal: watching.signal });

  function show() {
    state.update(job);
    progress.update(job);
    const text = job.error ? errorText(job.error) : job.status;
    setText(says, text || '');
    says.title = text || '';
  }

  function update(next) {
    if (next.version <= job.version) return;
    job = next;
    show();
  }

  show();
  if (!isFinished(job)) watchJob(job.id, (next) => next && update(next), watching.signal);
  return {
    element,
    pick,
    update,
    end() {
      stop();
      element.remove();
    },
  };
}
