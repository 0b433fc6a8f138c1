// What the page knows of the states of jobs.
import { t } from '../texts.js';

export const states = ['PENDING', 'PROGRESS', 'SUCCESS', 'FAILURE', 'REVOKED'];

export const isFinished = (job) => job.state !== 'PENDING' && job.state !== 'PROGRESS';

/** The word shown to people, with its finer phase where that says more. */
export function stateWord(job) {
  return t.states.phases[job.phase] ?? t.states[job.state] ?? job.state;
}

/** A state's word where no job is at hand, as in a filter. */
export const stateName = (state) => stateWord({ state });

/** How far a job is, 0 to 100; undefined where a running job has not said. */
export function percent(job) {
  if (job.state === 'SUCCESS') return 100;
  if (job.state === 'PROGRESS' && job.current === 0 && job.total <= 1) return undefined;
  return Math.min(100, Math.max(0, Math.floor((job.current * 100) / Math.max(1, job.total))));
}
