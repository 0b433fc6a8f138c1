// Does something to all jobs of a group, after saying how many they are: by actions of the grid, each with as many ids as one takes.
import { actOnJobs, cancelJob, waitForJob } from '../api/jobs.js';
import { Problem } from '../api/problem.js';
import { h, setText } from '../dom.js';
import { count } from '../format.js';
import { isFinished } from '../live/jobStates.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { t } from '../texts.js';

const mostIds = 1000;

/**
 * @param {object[]} jobs
 * @param {{action: 'retry' | 'delete', what: string, signal: AbortSignal}} options
 * @returns {Promise<{done: number, isWhole: boolean} | undefined>} To how many it was done at least, and whether that is all of it; undefined where it was not wanted.
 */
export async function actOnGroup(jobs, { action, what, signal }) {
  const said = { retry: t.actOnGroup.retry, delete: t.actOnGroup.delete }[action];
  const left = jobs.map(({ id }) => id);
  let done = 0;
  let acting;
  const reason = textField({ label: t.words.reason, placeholder: t.words.forThoseWhoLookLater, attributes: { maxlength: 256 } });
  const progress = h('p', { class: 'dim', 'aria-live': 'polite' });

  const act = (closing) => (acting = actOnRest(closing));

  /** What is asked for again after a mistake is what has not been done. */
  async function actOnRest(closing) {
    const either = AbortSignal.any([signal, closing]);
    while (left.length > 0) {
      either.throwIfAborted();
      const ids = left.slice(0, mostIds);
      // Not given up half-way: what the grid has begun is to be known, so that it can be ended.
      let job = await actOnJobs({ action, ids, reason: reason.input.value.trim() || undefined });
      try {
        while (!isFinished(job)) job = await waitForJob(job.id, either);
      } catch (error) {
        if (either.aborted) await cancelJob(job.id).catch(() => {});
        throw error;
      }
      if (job.state !== 'SUCCESS') throw new Problem({ title: t.actOnGroup.notAll, detail: job.error?.message ?? job.status });
      left.splice(0, ids.length);
      // Others have been run again, or removed, by somebody else meanwhile.
      done += job.result.done;
      setText(progress, t.actOnGroup.soFar(count(jobs.length - left.length), count(jobs.length)));
    }
  }

  const confirmed = await ask({ title: said.title(jobs.length), text: said.text(what), fields: [reason.element, progress], action: said.action(jobs.length), danger: action === 'delete', act });
  if (!acting) return undefined;
  // What was under way when somebody went back is ended first.
  await acting.catch(() => {});
  return { done, isWhole: confirmed };
}
