// A job's facts as a list of names and values.
import { to, toJob, toKey, toSchedule } from '../address.js';
import { h, refill } from '../dom.js';
import { fullTime, shortId } from '../format.js';
import { isFinished } from '../live/jobStates.js';
import { ago, span } from './time.js';
import { waits } from './waits.js';
import { t } from '../texts.js';

export function jobFacts() {
  const list = h('dl', { class: 'facts' });
  const element = h('section', { 'aria-labelledby': 'facts' }, h('h2', { id: 'facts' }, t.words.facts), list);
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
  /** @param {number} [seconds] For how long a running job has said nothing new. */
  function setSilence(seconds) {
    if (latest && latest.stalledFor !== seconds) update({ ...latest, stalledFor: seconds });
  }
  /** @param {object[]} all Jobs that follow this one. */
  function setFollowers(all) {
    followers = all;
    if (latest) update(latest);
  }
  return { element, update, setFollowers, setSilence };
}

function facts(job, followers) {
  return [
    [t.words.type, h('a', { href: to(['jobs'], { type: job.type }) }, job.type)],
    [t.words.queue, h('a', { href: to(['jobs'], { queue: job.queue }) }, job.queue)],
    [t.words.key, job.key && h('a', { href: toKey(job.key) }, job.key)],
    [t.words.waitsFor, job.waitingFor?.length > 0 && waits(job.waitingFor)],
    [t.jobFacts.after, job.after?.length > 0 && job.after.map((leader, index) => [index > 0 && ', ', h('a', { href: toJob(leader.job) }, shortId(leader.job)), leader.on !== 'success' && ` (${leader.on})`])],
    [t.jobFacts.followedBy, followers?.length > 0 && followers.map((follower, index) => [index > 0 && ', ', follower.more ? h('a', { href: to(['jobs'], { after: job.id }) }, t.jobFacts.allFollowers) : h('a', { href: toJob(follower.id) }, `${follower.type} ${shortId(follower.id)}`)])],
    [t.words.childOf, job.parent && h('a', { href: toJob(job.parent) }, shortId(job.parent))],
    [t.jobFacts.children, job.flow && h('a', { href: to(['jobs'], { parent: job.id }) }, t.jobFacts.allOfThem)],
    [t.words.schedule, job.schedule && t.jobFacts.scheduledFor(h('a', { href: toSchedule(job.schedule) }, job.schedule), fullTime(new Date(job.scheduledAt)))],
    [t.words.priority, job.priority],
    [t.words.attempt, job.maxAttempts ? t.jobFacts.attemptOf(job.attempt, job.maxAttempts) : job.attempt],
    [t.words.submitted, ago(job.submittedAt)],
    [t.words.due, ago(job.dueAt)],
    [t.jobFacts.started, ago(job.startedAt)],
    [t.jobFacts.finished, isFinished(job) && ago(job.finishedAt)],
    [isFinished(job) ? t.words.ranFor : t.jobFacts.runningFor, job.state !== 'PENDING' && job.startedAt && span(job.startedAt, job.finishedAt)],
    [t.jobFacts.nothingNewFor, job.stalledFor && span(new Date(Date.now() - job.stalledFor * 1000).toISOString())],
    [t.jobFacts.expires, job.expiresAt && ago(job.expiresAt)],
    [t.words.deadline, job.deadlineAt && ago(job.deadlineAt)],
    [t.words.silo, job.silo],
    [t.words.tags, tags(job.tags)],
  ].filter(([, value]) => value !== null && value !== undefined && value !== false);
}

function tags(all) {
  const pairs = Object.entries(all ?? {});
  return pairs.length > 0 && pairs.map(([name, value]) => h('a', { class: 'tag', href: to(['jobs'], { tag: `${name}=${value}` }) }, `${name}=${value}`));
}
