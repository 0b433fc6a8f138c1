// Failed jobs, all that are kept, grouped by why they failed, to be run again together.
import { toJob, to } from '../address.js';
import { announce } from '../announcer.js';
import { fill, h, refill, setText } from '../dom.js';
import { count, plural, shortId } from '../format.js';
import { may } from '../live/caller.js';
import { failureGroups, perHour } from '../live/failureGroups.js';
import { pagesOf } from '../live/ownJobs.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { retryAll } from '../parts/retryAll.js';
import { sparkline } from '../parts/sparkline.js';
import { ago } from '../parts/time.js';

const pageSize = 200;
const samples = 3;
/** Groups are drawn again after so many pages: there may be hundreds. */
const pagesPerDrawing = 5;

export const title = () => 'Failed';

export function mount(root, { signal }) {
  const content = h('div');
  const seen = h('p', { class: 'lead', hidden: true, 'aria-live': 'polite' });
  const again = h('button', { type: 'button', class: 'quiet', on: { click: load } }, 'Refresh');
  const stop = h('button', { type: 'button', class: 'quiet', hidden: true, on: { click: () => looking?.abort() } }, 'Stop looking');
  let looking;
  fill(root, h('div', { class: 'section-head' }, h('h1', null, 'Failed jobs'), h('div', { class: 'actions' }, stop, again)), seen, content);
  load();

  async function load() {
    looking?.abort();
    const mine = (looking = new AbortController());
    const ending = AbortSignal.any ? AbortSignal.any([signal, mine.signal]) : mine.signal;
    const all = failureGroups();
    fill(content, loading('Looking at failed jobs'));
    seen.hidden = true;
    stop.hidden = false;
    let pages = 0;
    try {
      for await (const page of pagesOf({ state: 'FAILURE', limit: pageSize }, ending)) {
        if (mine !== looking || signal.aborted) return;
        all.add(page.jobs);
        if (!page.hasMore || pages++ % pagesPerDrawing === 0) draw(all, page.hasMore);
      }
    } catch (error) {
      if (signal.aborted || mine !== looking) return;
      if (mine.signal.aborted) draw(all, true, 'There are more.');
      else fill(content, errorBox(error, { retry: load }));
    } finally {
      if (mine === looking) stop.hidden = true;
    }
  }

  function draw(all, isPart, more = 'Looking on.') {
    refill(content, all.count === 0 ? empty('No failed jobs', 'All is well.') : h('ul', { class: 'board' }, all.groups().map(card)));
    seen.hidden = all.count === 0;
    setText(seen, `${plural(all.count, 'failed job')}, grouped by where they failed.${isPart ? ` ${more}` : ''}`);
  }

  function card(group) {
    const { type, code, errorType, place, message, jobs, size, first, last } = group;
    const name = [type, errorType ?? code].join(', ');
    return h(
      'li',
      { class: 'card', data: { group: name } },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { class: 'card-name' }, h('a', { href: to(['jobs'], { state: 'FAILURE', type }) }, type)),
        h('code', null, code),
        errorType && h('code', null, errorType),
        h('span', { class: 'group-count' }, plural(size, 'job')),
        may('operate') && h('div', { class: 'actions' }, h('button', { type: 'button', class: 'quiet', data: { key: group.key }, on: { click: () => runAgain(group) } }, 'Run all again', h('span', { class: 'unseen' }, ` ${name}`))),
      ),
      h('p', { class: 'wrap group-message' }, message),
      place && h('p', { class: 'wrap dim' }, 'at ', h('code', null, place.replace(/^\S+ at /, ''))),
      h(
        'p',
        { class: 'dim' },
        size === 1 ? 'Failed ' : ['First ', ago(new Date(first).toISOString()), ', last '],
        ago(new Date(last).toISOString()),
        ' · ',
        counts('Queue', group.queues),
        counts('Release', group.releases, ' · '),
        ' · ',
        jobs.slice(0, samples).map((job, index) => [index > 0 && ', ', h('a', { class: 'id', href: toJob(job.id), title: job.id }, shortId(job.id))]),
        size > samples && ', …',
      ),
      group.hours.size > 1 && hours(group),
    );
  }

  async function runAgain(group) {
    const done = await retryAll(group.jobs, { what: `${group.type}: ${group.errorType ?? group.code}`, signal });
    if (done === undefined || signal.aborted) return;
    announce(`${plural(done, 'job')} will run again`);
    load();
  }
}

/** The most frequent few. */
function counts(what, all, before = '') {
  const pairs = Object.entries(all).sort(([, a], [, b]) => b - a);
  if (pairs.length === 0) return null;
  const told = pairs.slice(0, 3).map(([name, times]) => (pairs.length === 1 ? name : `${name} ${count(times)}`));
  return `${before}${what} ${told.join(', ')}${pairs.length > 3 ? ', …' : ''}`;
}

function hours(group) {
  const bins = perHour(group);
  const line = sparkline(bins.length);
  for (const bin of bins) line.add(bin);
  return h('div', { class: 'group-hours', title: `Failures an hour, ${bins.length} hours` }, line.element);
}
