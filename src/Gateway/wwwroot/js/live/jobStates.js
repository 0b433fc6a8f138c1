// What the page knows of the states of jobs.

export const states = ['PENDING', 'PROGRESS', 'SUCCESS', 'FAILURE', 'REVOKED'];

export const isFinished = (job) => job.state !== 'PENDING' && job.state !== 'PROGRESS';

/** The word shown to people, with its finer phase where that says more. */
export function stateWord(job) {
  switch (job.state) {
    case 'PENDING':
      return { scheduled: 'Scheduled', retrying: 'Will run again' }[job.phase] ?? 'Waiting';
    case 'PROGRESS':
      return job.phase === 'cancelling' ? 'Stopping' : 'Running';
    case 'SUCCESS':
      return 'Succeeded';
    case 'FAILURE':
      return 'Failed';
    case 'REVOKED':
      return 'Cancelled';
    default:
      return job.state;
  }
}

/** A state's word where no job is at hand, as in a filter. */
export const stateName = (state) => stateWord({ state });

/** How far a job is, 0 to 100; undefined where a running job has not said. */
export function percent(job) {
  if (job.state === 'SUCCESS') return 100;
  if (job.state === 'PROGRESS' && job.current === 0 && job.total <= 1) return undefined;
  return Math.min(100, Math.max(0, Math.floor((job.current * 100) / Math.max(1, job.total))));
}
