// Jobs that wait for their time, soonest first: to be run now, or moved.
import { go, to, toJob, toSchedule } from '../address.js';
import { listJobs } from '../api/jobs.js';
import { fill, h, refill } from '../dom.js';
import { fullTime, shortId } from '../format.js';
import { ownQueues } from '../live/caller.js';
import { firstQueue } from '../live/ownJobs.js';
import { jobActions } from '../parts/jobActions.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { selectField } from '../parts/fields.js';
import { ago } from '../parts/time.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const pageSize = 50;
const refreshMs = 5000;
const columns = [t.words.due, t.words.job, t.words.queue, t.words.schedule, ''];

export const title = () => t.words.comingJobs;

export function mount(root, { query, signal }) {
  let cursor = query.get('cursor') ?? '';
  let queue = query.get('queue') ?? firstQueue();
  const choice = ownQueues().length > 1 && selectField({ label: t.words.queue, options: ownQueues(), value: queue });
  if (choice) choice.input.addEventListener('change', () => go(to(['coming'], { queue: choice.input.value })));
  const rows = new Map();
  const trouble = h('div');
  const body = h('tbody');
  const table = h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t.words.comingJobs },
    h('table', null, h('caption', { class: 'unseen' }, t.coming.jobsThatWaitForTheir), h('thead', null, h('tr', null, columns.map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'unseen' }, t.coming.actions))))), body),
  );
  const content = h('div', null, loading());
  const pages = h('nav', { class: 'pages', 'aria-label': t.words.pages });
  fill(root, h('p', { class: 'crumb' }, h('a', { href: to(['schedules']) }, t.words.schedules)), h('h1', null, t.words.comingJobs), choice && h('div', { class: 'filters' }, choice.element), trouble, content, pages);

  async function load() {
    const [asked, of] = [cursor, queue];
    try {
      const page = await listJobs({ order: 'due', queue, cursor: asked, limit: pageSize }, signal);
      if (signal.aborted || asked !== cursor || of !== queue) return;
      set(page.jobs);
      fill(content, page.jobs.length > 0 ? table : page.cursor ? empty(t.coming.noneAmongTheFirstOf, t.coming.laterOnesMayMatch) : empty(t.coming.noJobWaitsForIts));
      refill(pages, asked && h('a', { class: 'button', href: to(['coming'], { queue }) }, t.coming.soonest), page.cursor && h('a', { class: 'button', rel: 'next', href: to(['coming'], { queue, cursor: page.cursor }) }, t.coming.later));
    } catch (error) {
      if (!signal.aborted && asked === cursor && of === queue) fill(content, errorBox(error, { retry: refresh }));
    }
  }

  /** Rows that stay are kept, so that focus stays too. */
  function set(jobs) {
    const wanted = new Map(jobs.map((job) => [job.id, job]));
    for (const [id, row] of rows) {
      if (wanted.get(id)?.dueAt === row.dueAt) continue;
      row.element.remove();
      rows.delete(id);
    }
    let next = body.firstChild;
    for (const job of jobs) {
      if (!rows.has(job.id)) rows.set(job.id, { dueAt: job.dueAt, element: rowOf(job) });
      const { element } = rows.get(job.id);
      if (element === next) next = next.nextSibling;
      else body.insertBefore(element, next);
    }
  }

  const rowOf = (job) =>
    h(
      'tr',
      { data: { job: job.id } },
      h('th', { scope: 'row' }, fullTime(new Date(job.dueAt)), ' ', ago(job.dueAt)),
      h('td', null, h('a', { href: toJob(job.id), title: job.id }, job.type, ' ', h('span', { class: 'id' }, shortId(job.id)))),
      h('td', null, job.queue),
      h('td', null, job.schedule && h('a', { href: toSchedule(job.schedule) }, job.schedule)),
      h('td', null, jobActions(job, { trouble, only: ['now', 'move'], onChange: () => refresh() }).element),
    );

  const refresh = every(refreshMs, load, signal);

  return (next) => {
    cursor = next.get('cursor') ?? '';
    queue = next.get('queue') ?? firstQueue();
    if (choice) choice.input.value = queue;
    fill(content, loading());
    refresh();
  };
}
