// One key, or the keys of a prefix: what is said of it, how it stands, and its line.
import { to, toJob, toKey } from '../address.js';
import { getKey, listKeys } from '../api/keys.js';
import { fill, h, refill } from '../dom.js';
import { count, shortId } from '../format.js';
import { keyActions } from '../parts/keyActions.js';
import { keyFacts } from '../parts/keyFacts.js';
import { seesAll } from '../live/caller.js';
import { empty, errorBox, loading, notAllowed } from '../parts/notes.js';
import { ago } from '../parts/time.js';
import { waits } from '../parts/waits.js';
import { every } from '../polling.js';

const refreshMs = 2000;
const shownJobs = 50;

export const title = ([, ...name]) => `Key ${name.join('/')}`;

export function mount(root, { segments, signal }) {
  const name = segments.slice(1).join('/');
  const isPrefix = !name.includes('/');
  if (!seesAll()) {
    fill(root, h('h1', null, name), notAllowed('Keys are of all queues, and you see some. What a job of yours waits for, its own page says.'));
    return;
  }
  const trouble = h('div');
  const content = h('div', null, loading());
  fill(root, h('p', { class: 'crumb' }, h('a', { href: to(['keys']) }, 'Keys')), trouble, content);
  let shown;

  async function load() {
    try {
      const [key, { keys }] = await Promise.all([getKey(name, shownJobs, signal), isPrefix ? listKeys({ prefix: name, rank: 'waiting' }, signal) : { keys: [] }]);
      const now = JSON.stringify([key, keys]);
      // What has not changed is left alone, and focus with it.
      if (now !== shown) show(key, keys);
      shown = now;
    } catch (error) {
      if (signal.aborted) return;
      shown = undefined;
      fill(content, h('h1', null, name), error.status === 404 ? empty('That is no key', h('a', { href: to(['keys']) }, 'Go to the list')) : errorBox(error, { retry: refresh }));
    }
  }

  function show(key, keys) {
    const { paused, jobs } = key;
    const others = keys.filter((other) => other.key !== name);
    refill(
      content,
      h(
        'div',
        { class: 'section-head' },
        h('h1', null, name, paused && [' ', h('span', { class: 'badge', data: { state: 'PAUSED' } }, 'Paused')]),
        keyActions(key, { trouble, onChange: () => refresh() }),
      ),
      paused && h('p', { class: 'note warn' }, 'Paused by ', paused.by, ' ', ago(paused.since), paused.reason && [': ', h('q', null, paused.reason)]),
      h('section', { 'aria-labelledby': 'facts' }, h('h2', { id: 'facts' }, 'Facts'), keyFacts(key)),
      isPrefix && others.length > 0 && h('section', { 'aria-labelledby': 'keys' }, h('h2', { id: 'keys' }, 'Its keys'), keysTable(others)),
      (!isPrefix || jobs.running.length > 0 || jobs.waiting.length > 0) && [
        h('section', { 'aria-labelledby': 'running' }, h('h2', { id: 'running' }, 'Running'), jobs.running.length > 0 ? jobsTable('running', ['Job', 'Queue', 'Attempt', 'Since'], jobs.running, runningRow) : h('p', { class: 'dim' }, 'None.')),
        h(
          'section',
          { 'aria-labelledby': 'line' },
          h('h2', { id: 'line' }, 'Line'),
          jobs.waiting.length > 0 ? jobsTable('line', ['Place', 'Job', 'Queue', 'Priority', 'Submitted', 'Waits for'], jobs.waiting, waitingRow) : h('p', { class: 'dim' }, 'Nothing waits.'),
          jobs.more && h('p', { class: 'dim' }, `These are the first ${count(jobs.waiting.length)}; others stand behind them.`),
        ),
      ],
    );
  }

  const refresh = every(refreshMs, load, signal);
}

const jobLink = (job) => h('a', { href: toJob(job.id), title: job.id }, job.type, ' ', h('span', { class: 'id' }, shortId(job.id)));

const runningRow = (job) => [h('th', { scope: 'row' }, jobLink(job)), h('td', null, job.queue), h('td', null, job.attempt), h('td', null, ago(job.startedAt))];

const waitingRow = (job, index) => [
  h('td', null, index + 1),
  h('th', { scope: 'row' }, jobLink(job)),
  h('td', null, job.queue),
  h('td', null, job.priority),
  h('td', null, ago(job.submittedAt)),
  h('td', null, job.waitingFor?.length > 0 && waits(job.waitingFor)),
];

const jobsTable = (labelledBy, columns, jobs, row) =>
  table(labelledBy, columns, jobs.map((job, index) => h('tr', { data: { job: job.id } }, row(job, index))));

const keysTable = (keys) =>
  table('keys', ['Key', 'Waiting', 'Running', 'Held back'], keys.map((key) =>
    h('tr', { data: { of: key.key } }, h('th', { scope: 'row' }, h('a', { href: toKey(key.key) }, key.key)), h('td', null, count(key.waiting)), h('td', null, count(key.running)), h('td', null, key.held ?? ''))));

const table = (labelledBy, columns, rows) =>
  h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': labelledBy },
    h('table', null, h('thead', null, h('tr', null, columns.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', null, rows)),
  );
