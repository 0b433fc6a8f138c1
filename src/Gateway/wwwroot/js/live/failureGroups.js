// Puts failed jobs that failed for the same reason together.

/**
 * @param {object[]} jobs
 * @returns {{key: string, type: string, code: string, errorType?: string, message: string, jobs: object[]}[]} The largest group first.
 */
export function groupFailures(jobs) {
  const groups = new Map();
  for (const job of jobs) {
    const error = job.error ?? { code: 'error', message: '' };
    const key = JSON.stringify([job.type, error.code, error.type ?? '', pattern(error.message)]);
    const group = groups.get(key) ?? { key, type: job.type, code: error.code, errorType: error.type, message: error.message, jobs: [] };
    groups.set(key, group);
    group.jobs.push(job);
  }
  return [...groups.values()].sort((a, b) => b.jobs.length - a.jobs.length || a.key.localeCompare(b.key));
}

/** A message without what differs from job to job: ids, numbers, and what stands in quotation marks. */
export const pattern = (message) =>
  message
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '#')
    .replace(/(["'`]).*?\1/g, '#')
    .replace(/0x[0-9a-f]+|\d+([.,:]\d+)*/gi, '#');
