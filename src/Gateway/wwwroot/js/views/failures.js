// Failed jobs, all that are kept, grouped by why they failed, to be run again together.
import { toJob, to } from '../address.js';
import { announce } from '../announcer.js';
import { fill, h, refill, setText } from '../dom.js';
import { count, shortId } from '../format.js';
import { may } from '../live/caller.js';
import { failureGroups, perHour } from '../live/failureGroups.js';
import { pagesOf } from '../live/ownJobs.js';
import { actOnGroup } from '../parts/actOnGroup.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { sparkline } from '../parts/sparkline.js';
import { ago } from '../parts/time.js';
import { t } from '../texts.js';

const pageSize = 200;
const samples = 3;
/** Groups are drawn again after so many pages: there may be hundreds. */
const pagesPerDrawing = 5;

export const title = () => t.words.failed;

export function mount(root, { signal }) {
  const content = h('div');
  const seen = h('p', { class: 'lead', hidden: true, 'aria-live': 'polite' });
  const again = h('button', { type: 'button', class: 'quiet', on: { click: load } }, t.failures.refresh);
  const stop = h('button', { type: 'button', class: 'quiet', hidden: true, on: { click: () => looking?.abort() } }, t.failures.stopLooking);
  let looking;
  fill(root, h('div', { class: 'section-head' }, h('h1', null, t.failures.failedJobs), h('div', { class: 'actions' }, stop, again)), seen, content);
  load();

  async function load() {
    looking?.abort();
    const mine = (looking = new AbortController());
    const ending = AbortSignal.any ? AbortSignal.any([signal, mine.signal]) : mine.signal;
    const all = failureGroups();
    fill(content, loading(t.failures.lookingAtFailedJobs));
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
      if (mine.signal.aborted) draw(all, true, t.failures.thereAreMore);
      else fill(content, errorBox(error, { retry: load }));
    } finally {
      if (mine === looking) stop.hidden = true;
    }
  }

  function draw(all, isPart, more = t.failures.lookingOn) {
    refill(content, all.count === 0 ? empty(t.failures.noFailedJobs, t.failures.allIsWell) : h('ul', { class: 'board' }, all.groups().map(card)));
    seen.hidden = all.count === 0;
    setText(seen, [t.failures.grouped(all.count), isPart && more].filter(Boolean).join(' '));
  }

  function card(group) {
    const { type, code, errorType, place, message, jobs, size, first, last } = group;
    const name = [type, errorType ?? code].join(', ');
    const action = (text, what, look) => h('button', { type: 'button', class: look, data: { key: `${what} ${group.key}` }, on: { click: () => act(group, what) } }, text, h('span', { class: 'unseen' }, ` ${name}`));
    return h(
      'li',
      { class: 'card', data: { group: name } },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { class: 'card-name' }, h('a', { href: to(['jobs'], { state: 'FAILURE', type }) }, type)),
        h('code', null, code),
        errorType && h('code', null, errorType),
        h('span', { class: 'group-count' }, t.words.jobs(size)),
        may('operate') && h('div', { class: 'actions' }, action(t.failures.runAllAgain, 'retry', 'quiet'), action(t.failures.deleteAll, 'delete', 'danger-quiet')),
      ),
      h('p', { class: 'wrap group-message' }, message),
      place && h('p', { class: 'wrap dim' }, t.failures.at(h('code', null, place.replace(/^\S+ at /, '')))),
      h(
        'p',
        { class: 'dim' },
        size === 1 ? t.failures.failedOnce(ago(new Date(last).toISOString())) : t.failures.failedFrom(ago(new Date(first).toISOString()), ago(new Date(last).toISOString())),
        ' · ',
        counts(t.words.queue, group.queues),
        counts(t.failures.release, group.releases, ' · '),
        ' · ',
        jobs.slice(0, samples).map((job, index) => [index > 0 && ', ', h('a', { class: 'id', href: toJob(job.id), title: job.id }, shortId(job.id))]),
        size > samples && ', …',
      ),
      group.hours.size > 1 && hours(group),
    );
  }

  async function act(group, action) {
    const acted = await actOnGroup(group.jobs, { action, what: `${group.type}: ${group.errorType ?? group.code}`, signal });
    if (!acted || signal.aborted) return;
    const { done, isWhole } = acted;
    if (!isWhole) announce(t.actOnGroup.ended(count(done), count(group.jobs.length)));
    else announce(action === 'retry' ? t.failures.willRunAgain(done) : t.failures.areDeleted(done));
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
  return h('div', { class: 'group-hours', title: t.failures.failuresAnHourHours(bins.length) }, line.element);
}
