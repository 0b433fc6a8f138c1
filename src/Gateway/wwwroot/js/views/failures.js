// Failed jobs, grouped by why they failed, to be run again together.
import { toJob, to } from '../address.js';
import { announce } from '../announcer.js';
import { listJobs } from '../api/jobs.js';
import { fill, h } from '../dom.js';
import { plural, shortId } from '../format.js';
import { groupFailures } from '../live/failureGroups.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { retryAll } from '../parts/retryAll.js';
import { ago } from '../parts/time.js';

const pageSize = 200;
const most = 1000;
const samples = 3;

export const title = () => 'Failed';

export function mount(root, { signal }) {
  const content = h('div');
  const seen = h('p', { class: 'lead', hidden: true });
  const again = h('button', { type: 'button', class: 'quiet', on: { click: load } }, 'Refresh');
  fill(root, h('div', { class: 'section-head' }, h('h1', null, 'Failed jobs'), again), seen, content);
  load();

  async function load() {
    fill(content, loading('Looking at failed jobs'));
    seen.hidden = true;
    try {
      const { jobs, isAll } = await newestFailures(signal);
      fill(content, jobs.length === 0 ? empty('No failed jobs', 'All is well.') : h('ul', { class: 'board' }, groupFailures(jobs).map(card)));
      seen.hidden = jobs.length === 0;
      fill(seen, isAll ? `${plural(jobs.length, 'failed job')}, grouped by error.` : `The newest ${plural(jobs.length, 'failed job')}, grouped by error. There are more.`);
    } catch (error) {
      if (!signal.aborted) fill(content, errorBox(error, { retry: load }));
    }
  }

  function card(group) {
    const { type, code, errorType, message, jobs } = group;
    const name = [type, errorType ?? code].join(', ');
    const newest = jobs[0];
    return h(
      'li',
      { class: 'card', data: { group: name } },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { class: 'card-name' }, h('a', { href: to(['jobs'], { state: 'FAILURE', type }) }, type)),
        h('code', null, code),
        errorType && h('code', null, errorType),
        h('span', { class: 'group-count' }, plural(jobs.length, 'job')),
        h('div', { class: 'actions' }, h('button', { type: 'button', class: 'quiet', on: { click: () => runAgain(group) } }, 'Run all again', h('span', { class: 'unseen' }, ` ${name}`))),
      ),
      h('p', { class: 'wrap group-message' }, message),
      h('p', { class: 'dim' }, 'Last ', ago(newest.finishedAt ?? newest.submittedAt), ' · ', jobs.slice(0, samples).map((job, index) => [index > 0 && ', ', h('a', { class: 'id', href: toJob(job.id), title: job.id }, shortId(job.id))]), jobs.length > samples && ', …'),
    );
  }

  async function runAgain(group) {
    const done = await retryAll(group.jobs, { what: `${group.type}: ${group.errorType ?? group.code}`, signal });
    if (done === undefined || signal.aborted) return;
    announce(`${plural(done, 'job')} will run again`);
    load();
  }
}

async function newestFailures(signal) {
  const jobs = [];
  let cursor;
  do {
    const page = await listJobs({ state: 'FAILURE', limit: pageSize, cursor }, signal);
    jobs.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor && jobs.length < most);
  return { jobs, isAll: !cursor };
}
