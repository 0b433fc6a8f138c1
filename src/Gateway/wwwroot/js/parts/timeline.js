// What happened to a job, in order, and what it waited for in between.
import { toJob } from '../address.js';
import { getTimeline } from '../api/timeline.js';
import { h, refill } from '../dom.js';
import { stateWord } from '../live/jobStates.js';
import { errorText } from './jobCard.js';
import { ago, span } from './time.js';
import { waits } from './waits.js';
import { t } from '../texts.js';

export function timeline(signal) {
  const list = h('ol', { class: 'timeline' });
  const element = h('section', { 'aria-labelledby': 'timeline' }, h('h2', { id: 'timeline' }, t.timeline.timeline), list);
  let shown;
  let latest;
  let asking = false;

  function update(job) {
    const now = JSON.stringify([job.state, job.phase, job.attempt, job.dueAt, job.attempts, job.finishedAt, job.waitingFor, job.changes]);
    latest = job;
    if (now === shown) return;
    shown = now;
    ask();
  }

  /** One question at a time; what changes meanwhile is asked for after it. */
  async function ask() {
    if (asking) return;
    asking = true;
    let asked;
    while (asked !== shown && !signal.aborted) {
      asked = shown;
      try {
        const { entries } = await getTimeline(latest.id, signal);
        draw(entries);
      } catch {
        // The next change asks again; what stands there is true.
        shown = asked = undefined;
      }
    }
    asking = false;
  }

  function draw(entries) {
    refill(list, entries.map((entry) => row(entry, latest)).map(({ kind, what, when, more }) => h('li', { data: { kind } }, h('p', { class: 'what' }, what, when && [' ', h('span', { class: 'dim' }, when)]), more)));
  }
  return { element, update };
}

function row(entry, job) {
  const { what, at, until, attempt, silo, waitingFor, by, queue, name, job: child, detail, error } = entry;
  if (what === 'accepted') return { kind: 'done', what: t.words.submitted, when: ago(at) };
  if (what === 'forgotten') return { kind: 'done', what: t.timeline.earlierAttemptsAreNoLonger };
  if (what === 'waited') return { kind: until ? 'wait' : 'now', what: until ? t.timeline.waited : t.words.waiting, when: span(at, until), more: waitingFor?.length > 0 && h('div', { class: 'dim' }, waits(waitingFor)) };
  if (what === 'started') {
    const runs = job.state === 'PROGRESS' && job.attempt === attempt && job.startedAt === at;
    if (runs) return { kind: 'now', what: job.phase === 'cancelling' ? t.timeline.isStopping(attempt, silo) : t.timeline.isRunning(attempt, silo), when: span(at) };
    return { kind: 'done', what: t.timeline.started(attempt, silo), when: ago(at) };
  }
  if (what === 'reported') return { kind: 'done', what: t.timeline.attemptReportedFirst(attempt), when: ago(at) };
  if (what === 'checkpoint') return { kind: 'done', what: t.timeline.attemptSavedTheLastOf(attempt, detail), when: ago(at) };
  const why = error && h('p', { class: 'wrap' }, errorText(error));
  if (what === 'step') return { kind: error ? 'bad' : 'done', what: t.timeline.step(name, error), when: ago(at), more: why };
  if (what === 'childStarted') return { kind: 'done', what: t.timeline.childStarted(h('a', { href: toJob(child) }, name)), when: ago(at) };
  if (what === 'childEnded') return { kind: detail === 'SUCCESS' ? 'done' : 'bad', what: t.timeline.childEnded(h('a', { href: toJob(child) }, name), detail), when: ago(at), more: why };
  if (what === 'signal') return { kind: 'done', what: t.timeline.signal(name, detail === 'unread'), when: ago(at) };
  if (what === 'ended') return { kind: job.state, what: stateWord(job), when: ago(at) };
  if (attempt === undefined) return { kind: 'done', what: t.timeline.by(t.timeline.asked[what] ?? what, by, queue), when: ago(at), more: detail && h('p', { class: 'dim wrap' }, detail) };
  return { kind: what === 'succeeded' ? 'done' : 'bad', what: t.timeline.ended(attempt, t.timeline.outcomes[what] ?? what), when: ago(at), more: why };
}
