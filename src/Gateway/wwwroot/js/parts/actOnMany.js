// What can be done to many jobs at once: to those that were picked, or to all that match.
import { go, toJob } from '../address.js';
import { announce } from '../announcer.js';
import { actOnJobs, parametersOf, waitForJob } from '../api/jobs.js';
import { Problem } from '../api/problem.js';
import { fill, h, setText } from '../dom.js';
import { plural } from '../format.js';
import { isFinished } from '../live/jobStates.js';
import { ask } from './dialog.js';
import { selectField, textField } from './fields.js';

const actions = [
  { value: 'retry', text: 'Run again', hint: 'Failed and cancelled jobs, each with its history kept and its attempts anew.' },
  { value: 'cancel', text: 'Cancel', hint: 'Waiting jobs end; running ones are asked to stop.' },
  { value: 'due', text: 'Run now', hint: 'Jobs that wait for their time, or for another attempt.' },
  { value: 'delete', text: 'Delete', hint: 'Jobs that have ended, with their arguments, results and history. This cannot be undone.' },
];

/** What a state's jobs are most often wanted for. */
const usual = { FAILURE: 'retry', REVOKED: 'retry', PENDING: 'cancel', PROGRESS: 'cancel', SUCCESS: 'delete' };

export function actOnMany(signal) {
  let ids = [];
  let filter = {};
  const said = h('p', { class: 'dim', 'aria-live': 'polite' });
  const some = h('button', { type: 'button', class: 'quiet', on: { click: () => open({ ids }) } });
  const every = h('button', { type: 'button', class: 'quiet', on: { click: () => open({ filter: parametersOf(filter) }) } }, 'Act on all that match');
  const element = h('div', { class: 'many', role: 'group', 'aria-label': 'Act on many jobs' }, said, some, every);

  async function open(which) {
    const counting = new AbortController();
    const what = selectField({ label: 'What', options: actions, value: usual[which.filter?.state] ?? 'retry' });
    const reason = textField({ label: 'Reason', placeholder: 'For those who look later', attributes: { maxlength: 256 } });
    const hint = h('p', { class: 'dim' });
    const number = h('p', { role: 'status' });
    const confirm = h('span');
    let begun;
    let counted;

    async function show() {
      const action = actions.find(({ value }) => value === what.input.value);
      setText(hint, action.hint);
      setText(confirm, which.ids ? `${action.text}: ${plural(which.ids.length, 'job')}` : action.text);
      if (which.ids) return setText(number, `${plural(which.ids.length, 'job')} picked.`);
      counted = undefined;
      setText(number, 'Counting the jobs that match…');
      try {
        const done = await count(action.value, which.filter, counting.signal, (text) => what.input.value === action.value && setText(number, `Counting: ${text}…`));
        if (what.input.value !== action.value) return;
        counted = done;
        setText(number, `About ${plural(counted, 'job')} match now.`);
        setText(confirm, `${action.text}: about ${plural(counted, 'job')}`);
      } catch (error) {
        if (!counting.signal.aborted) setText(number, error.detail ?? error.message);
      }
    }

    async function act() {
      if (!which.ids && counted === undefined) throw new Problem({ title: 'The jobs are still being counted', detail: 'It is known in a moment how many they are.' });
      begun = await actOnJobs({ action: what.input.value, ...which, reason: reason.input.value.trim() || undefined });
    }

    what.input.addEventListener('change', show);
    signal.addEventListener('abort', () => counting.abort(), { signal: counting.signal });
    show();
    const confirmed = await ask({ title: which.ids ? `What is to be done to ${plural(which.ids.length, 'job')}?` : 'What is to be done to all that match?', fields: [what.element, hint, number, reason.element], action: confirm, act });
    counting.abort();
    if (!confirmed || signal.aborted) return;
    announce('It has begun');
    go(toJob(begun.id));
  }

  function update() {
    setText(said, ids.length > 0 ? `${plural(ids.length, 'job')} picked` : '');
    some.hidden = ids.length === 0;
    fill(some, `Act on ${plural(ids.length, 'picked job')}`);
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
  if (job.state !== 'SUCCESS') throw new Problem({ title: 'They could not be counted', detail: job.error?.message ?? job.status });
  return job.result.done;
}
