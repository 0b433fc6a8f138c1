// A job's facts as a list of names and values.
import { to, toJob, toKey, toSchedule } from '../address.js';
import { h, refill } from '../dom.js';
import { fullTime, shortId } from '../format.js';
import { isFinished } from '../live/jobStates.js';
import { ago, span } from './time.js';
import { waits } from './waits.js';

export function jobFacts() {
  const list = h('dl', { class: 'facts' });
  const element = h('section', { 'aria-labelledby': 'facts' }, h('h2', { id: 'facts' }, 'Facts'), list);
  let shown;
  let latest;
  let followers;

  function update(job) {
    latest = job;
    // Progress alone changes nothing here.
    const { current, total, status, version, ...rest } = job;
    const now = JSON.stringify([rest, followers]);
    if (now === shown) return;
    shown = now;
    refill(list, facts(job, followers).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
  }
  /** @param {object[]} all Jobs that follow this one. */
  function setFollowers(all) {
    followers = all;
    if (latest) update(latest);
  }
  return { element, update, setFollowers };
}

function facts(job, followers) {
  return [
    ['Type', h('a', { href: to(['jobs'], { type: job.type }) }, job.type)],
    ['Queue', h('a', { href: to(['jobs'], { queue: job.queue }) }, job.queue)],
    ['Key', job.key && h('a', { href: toKey(job.key) }, job.key)],
    ['Waits for', job.waitingFor?.length > 0 && waits(job.waitingFor)],
    ['After', job.after?.length > 0 && job.after.map((leader, index) => [index > 0 && ', ', h('a', { href: toJob(leader.job) }, shortId(leader.job)), leader.on !== 'success' && ` (${leader.on})`])],
    ['Followed by', followers?.length > 0 && followers.map((follower, index) => [index > 0 && ', ', follower.more ? h('a', { href: to(['jobs'], { after: job.id }) }, 'all') : h('a', { href: toJob(follower.id) }, `${follower.type} ${shortId(follower.id)}`)])],
    ['Child of', job.parent && h('a', { href: toJob(job.parent) }, shortId(job.parent))],
    ['Children', job.flow && h('a', { href: to(['jobs'], { parent: job.id }) }, 'All of them')],
    ['Schedule', job.schedule && [h('a', { href: toSchedule(job.schedule) }, job.schedule), ' for ', fullTime(new Date(job.scheduledAt))]],
    ['Priority', job.priority],
    ['Attempt', job.maxAttempts ? `${job.attempt} of ${job.maxAttempts}` : job.attempt],
    ['Submitted', ago(job.submittedAt)],
    ['Due', ago(job.dueAt)],
    ['Started', ago(job.startedAt)],
    ['Finished', isFinished(job) && ago(job.finishedAt)],
    [isFinished(job) ? 'Ran for' : 'Running for', job.state !== 'PENDING' && job.startedAt && span(job.startedAt, job.finishedAt)],
    ['Expires', job.expiresAt && ago(job.expiresAt)],
    ['Deadline', job.deadlineAt && ago(job.deadlineAt)],
    ['Silo', job.silo],
    ['Tags', tags(job.tags)],
  ].filter(([, value]) => value !== null && value !== undefined && value !== false);
}

function tags(all) {
  const pairs = Object.entries(all ?? {});
  return pairs.length > 0 && pairs.map(([name, value]) => h('a', { class: 'tag', href: to(['jobs'], { tag: `${name}=${value}` }) }, `${name}=${value}`));
}
