// Runs many jobs again, after saying how many.
import { retryJob } from '../api/jobs.js';
import { Problem } from '../api/problem.js';
import { h, setText } from '../dom.js';
import { plural } from '../format.js';
import { ask } from './dialog.js';

const atOnce = 6;

/**
 * @param {object[]} jobs
 * @param {{what: string, signal: AbortSignal}} options
 * @returns {Promise<number | undefined>} How many run again; undefined where it was not wanted.
 */
export async function retryAll(jobs, { what, signal }) {
  const left = [...jobs];
  let done = 0;
  let passed = 0;
  const progress = h('p', { class: 'dim', 'aria-live': 'polite' });

  async function worker() {
    while (left.length > 0 && !signal.aborted) {
      const job = left[0];
      left.shift();
      try {
        await retryJob(job.id);
        done++;
      } catch (error) {
        // It has been run again or removed by somebody else meanwhile.
        if (error.status === 404 || error.status === 409) passed++;
        else {
          left.unshift(job);
          throw error;
        }
      }
      setText(progress, `${done} of ${jobs.length} run again`);
    }
  }

  const act = async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, left.length) }, worker));
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason instanceof Problem ? failed.reason : new Problem({ title: 'Not all could be run again', detail: String(failed.reason) });
  };
  const confirmed = await ask({
    title: `Run ${plural(jobs.length, 'job')} again?`,
    text: `${what}. Each keeps its history and gets its attempts anew.`,
    fields: [progress],
    action: `Run ${plural(jobs.length, 'job')} again`,
    act,
  });
  return confirmed || done + passed > 0 ? done : undefined;
}
