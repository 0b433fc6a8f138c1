// A job's facts as a list of names and values.
import { to } from '../address.js';
import { h, refill } from '../dom.js';
import { isFinished } from '../live/jobStates.js';
import { ago, span } from './time.js';

export function jobFacts() {
  const list = h('dl', { class: 'facts' });
  const element = h('section', { 'aria-labelledby': 'facts' }, h('h2', { id: 'facts' }, 'Facts'), list);
  let shown;

  function update(job) {
    // Progress alone changes nothing here.
    const { current, total, status, version, ...rest } = job;
    const now = JSON.stringify(rest);
    if (now === shown) return;
    shown = now;
    refill(list, facts(job).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
  }
  return { element, update };
}

function facts(job) {
  return [
    ['Type', h('a', { href: to(['jobs'], { type: job.type }) }, job.type)],
    ['Queue', h('a', { href: to(['jobs'], { queue: job.queue }) }, job.queue)],
    ['Priority', job.priority],
    ['Attempt', job.maxAttempts ? `${job.attempt} of ${job.maxAttempts}` : job.attempt],
    ['Submitted', ago(job.submittedAt)],
    ['Due', ago(job.dueAt)],
    ['Started', ago(job.startedAt)],
    ['Finished', isFinished(job) && ago(job.finishedAt)],
    [isFinished(job) ? 'Ran for' : 'Running for', job.state !== 'PENDING' && job.startedAt && span(job.startedAt, job.finishedAt)],
    ['Expires', job.expiresAt && ago(job.expiresAt)],
    ['Silo', job.silo],
    ['Tags', tags(job.tags)],
  ].filter(([, value]) => value !== null && value !== undefined && value !== false);
}

function tags(all) {
  const pairs = Object.entries(all ?? {});
  return pairs.length > 0 && pairs.map(([name, value]) => h('a', { class: 'tag', href: to(['jobs'], { tag: `${name}=${value}` }) }, `${name}=${value}`));
}
