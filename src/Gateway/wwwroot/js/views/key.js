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
import { t } from '../texts.js';

const refreshMs = 2000;
const shownJobs = 50;

export const title = ([, ...name]) => t.key.key(name.join('/'));

export function mount(root, { segments, signal }) {
  const name = segments.slice(1).join('/');
  const isPrefix = !name.includes('/');
  if (!seesAll()) {
    fill(root, h('h1', null, name), notAllowed(t.key.keysAreOfAllQueues));
    return;
  }
  const trouble = h('div');
  const content = h('div', null, loading());
  fill(root, h('p', { class: 'crumb' }, h('a', { href: to(['keys']) }, t.words.keys)), trouble, content);
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
      fill(content, h('h1', null, name), error.status === 404 ? empty(t.key.thatIsNoKey, h('a', { href: to(['keys']) }, t.words.goToTheList)) : errorBox(error, { retry: refresh }));
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
        h('h1', null, name, paused && [' ', h('span', { class: 'badge', data: { state: 'PAUSED' } }, t.words.paused)]),
        keyActions(key, { trouble, onChange: () => refresh() }),
      ),
      paused && h('p', { class: 'note warn' }, t.words.pausedBy(paused.by, ago(paused.since), paused.reason && h('q', null, paused.reason))),
      h('section', { 'aria-labelledby': 'facts' }, h('h2', { id: 'facts' }, t.words.facts), keyFacts(key)),
      isPrefix && others.length > 0 && h('section', { 'aria-labelledby': 'keys' }, h('h2', { id: 'keys' }, t.key.itsKeys), keysTable(others)),
      (!isPrefix || jobs.running.length > 0 || jobs.waiting.length > 0) && [
        h('section', { 'aria-labelledby': 'running' }, h('h2', { id: 'running' }, t.words.running), jobs.running.length > 0 ? jobsTable('running', [t.words.job, t.words.queue, t.words.attempt, t.key.since], jobs.running, runningRow) : h('p', { class: 'dim' }, t.words.noneSentence)),
        h(
          'section',
          { 'aria-labelledby': 'line' },
          h('h2', { id: 'line' }, t.key.line),
          jobs.waiting.length > 0 ? jobsTable('line', [t.key.place, t.words.job, t.words.queue, t.words.priority, t.words.submitted, t.words.waitsFor], jobs.waiting, waitingRow) : h('p', { class: 'dim' }, t.key.nothingWaits),
          jobs.more && h('p', { class: 'dim' }, t.key.theseAreTheFirstOthers(count(jobs.waiting.length))),
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
  table('keys', [t.words.key, t.words.waiting, t.words.running, t.key.heldBack], keys.map((key) =>
    h('tr', { data: { of: key.key } }, h('th', { scope: 'row' }, h('a', { href: toKey(key.key) }, key.key)), h('td', null, count(key.waiting)), h('td', null, count(key.running)), h('td', null, key.held ?? ''))));

const table = (labelledBy, columns, rows) =>
  h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': labelledBy },
    h('table', null, h('thead', null, h('tr', null, columns.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', null, rows)),
  );
