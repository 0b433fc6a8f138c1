// What happened to a job, in order.
import { fill, h } from '../dom.js';
import { isFinished, stateWord } from '../live/jobStates.js';
import { errorText } from './jobCard.js';
import { ago, span } from './time.js';

export function timeline() {
  const list = h('ol', { class: 'timeline' });
  const element = h('section', { 'aria-labelledby': 'timeline' }, h('h2', { id: 'timeline' }, 'Timeline'), list);
  let shown;

  function update(job) {
    const now = JSON.stringify([job.state, job.phase, job.attempt, job.dueAt, job.attempts, job.finishedAt]);
    if (now === shown) return;
    shown = now;
    fill(list, events(job).map(({ kind, what, when, more }) => h('li', { data: { kind } }, h('p', { class: 'what' }, what, when && [' ', h('span', { class: 'dim' }, when)]), more)));
  }
  return { element, update };
}

function events(job) {
  const attempts = job.attempts ?? [];
  const all = [{ kind: 'done', what: 'Submitted', when: ago(job.submittedAt) }];
  if (attempts.length > 0 && attempts[0].number > 1) all.push({ kind: 'done', what: 'Earlier attempts are no longer kept' });
  for (const attempt of attempts) all.push(ended(attempt));
  if (isFinished(job)) all.push({ kind: job.state, what: stateWord(job), when: ago(job.finishedAt) });
  else if (job.state === 'PROGRESS') all.push({ kind: 'now', what: `Attempt ${job.attempt} ${job.phase === 'cancelling' ? 'is stopping' : 'is running'}${job.silo ? ` on ${job.silo}` : ''}`, when: span(job.startedAt) });
  else all.push({ kind: 'now', what: { scheduled: 'Starts', retrying: 'Runs again' }[job.phase] ?? 'Waiting for a free slot, due', when: ago(job.dueAt) });
  return all;
}

const outcomes = {
  succeeded: 'succeeded',
  failed: 'failed',
  crashed: 'was lost with its silo',
  returned: 'was handed back by a silo that stops',
  postponed: 'asked to run later',
  cancelled: 'was cancelled',
  timeout: 'ran too long',
};

function ended({ number, silo, startedAt, endedAt, outcome, error }) {
  return {
    kind: outcome === 'succeeded' ? 'done' : 'bad',
    what: `Attempt ${number} ${outcomes[outcome] ?? outcome}`,
    when: ago(endedAt),
    more: [h('p', { class: 'dim' }, 'after ', span(startedAt, endedAt), silo && ` on ${silo}`), error && h('p', { class: 'wrap' }, errorText(error))],
  };
}
