// What can be done to many jobs at once: to those that were picked, or to all that match.
import { go, toJob } from '../address.js';
import { announce } from '../announcer.js';
import { actOnJobs, parametersOf, waitForJob } from '../api/jobs.js';
import { Problem } from '../api/problem.js';
import { fill, h, setText } from '../dom.js';
import { isFinished } from '../live/jobStates.js';
import { ask } from './dialog.js';
import { selectField, textField } from './fields.js';
import { t } from '../texts.js';

const actions = [
  { value: 'retry', text: t.words.runAgain, hint: t.actOnMany.failedAndCancelledJobsEach },
  { value: 'cancel', text: t.words.cancel, hint: t.actOnMany.waitingJobsEndRunningOnes },
  { value: 'due', text: t.words.runNow, hint: t.actOnMany.jobsThatWaitForTheir },
  { value: 'delete', text: t.words.deleteIt, hint: t.actOnMany.jobsThatHaveEndedWith },
];

/** What a state's jobs are most often wanted for. */
const usual = { FAILURE: 'retry', REVOKED: 'retry', PENDING: 'cancel', PROGRESS: 'cancel', SUCCESS: 'delete' };

export function actOnMany(signal) {
  let ids = [];
  let filter = {};
  const said = h('p', { class: 'dim', 'aria-live': 'polite' });
  const some = h('button', { type: 'button', class: 'quiet', on: { click: () => open({ ids }) } });
  const every = h('button', { type: 'button', class: 'quiet', on: { click: () => open({ filter: parametersOf(filter) }) } }, t.actOnMany.actOnAllThatMatch);
  const element = h('div', { class: 'many', role: 'group', 'aria-label': t.actOnMany.actOnManyJobs }, said, some, every);

  async function open(which) {
    const counting = new AbortController();
    const what = selectField({ label: t.actOnMany.what, options: actions, value: usual[which.filter?.state] ?? 'retry' });
    const reason = textField({ label: t.words.reason, placeholder: t.words.forThoseWhoLookLater, attributes: { maxlength: 256 } });
    const hint = h('p', { class: 'dim' });
    const number = h('p', { role: 'status' });
    const confirm = h('span');
    let begun;
    let counted;

    async function show() {
      const action = actions.find(({ value }) => value === what.input.value);
      setText(hint, action.hint);
      setText(confirm, which.ids ? `${action.text}: ${t.words.jobs(which.ids.length)}` : action.text);
      if (which.ids) return setText(number, t.actOnMany.picked(which.ids.length));
      counted = undefined;
      setText(number, t.actOnMany.countingTheJobsThatMatch);
      try {
        const done = await count(action.value, which.filter, counting.signal, (text) => what.input.value === action.value && setText(number, t.actOnMany.counting(text)));
        if (what.input.value !== action.value) return;
        counted = done;
        setText(number, t.actOnMany.aboutMatchNow(counted));
        setText(confirm, t.actOnMany.about(action.text, counted));
      } catch (error) {
        if (!counting.signal.aborted) setText(number, error.detail ?? error.message);
      }
    }

    async function act() {
      if (!which.ids && counted === undefined) throw new Problem({ title: t.actOnMany.theJobsAreStillBeing, detail: t.actOnMany.itIsKnownInA });
      begun = await actOnJobs({ action: what.input.value, ...which, reason: reason.input.value.trim() || undefined });
    }

    what.input.addEventListener('change', show);
    signal.addEventListener('abort', () => counting.abort(), { signal: counting.signal });
    show();
    const confirmed = await ask({ title: which.ids ? t.actOnMany.whatIsToBeDone(which.ids.length) : t.actOnMany.whatIsToBeDoneToAll, fields: [what.element, hint, number, reason.element], action: confirm, act });
    counting.abort();
    if (!confirmed || signal.aborted) return;
    announce(t.actOnMany.itHasBegun);
    go(toJob(begun.id));
  }

  function update() {
    setText(said, ids.length > 0 ? t.actOnMany.soManyPicked(ids.length) : '');
    some.hidden = ids.length === 0;
    fill(some, t.actOnMany.actOn(ids.length));
    // Ids are named one by one, and what is narrowed by nothing is not acted on.
    every.hidden = Boolean(filter.id) || Object.keys(parametersOf(filter)).length === 0;
    element.hidden = some.hidden && every.hidden;
  }

  update();
  return {
    element,
    setPicked(next) {
      ids = next;
      update();
    },
    setFilter(next) {
      filter = next;
      update();
    },
  };
}

/** Counts by a dry run, which is a job as well. */
async function count(action, filter, signal, onProgress) {
  let job = await actOnJobs({ action, filter, dryRun: true }, signal);
  while (!isFinished(job)) {
    if (job.status) onProgress(job.status);
    job = await waitForJob(job.id, signal);
  }
  if (job.state !== 'SUCCESS') throw new Problem({ title: t.actOnMany.theyCouldNotBeCounted, detail: job.error?.message ?? job.status });
  return job.result.done;
}
