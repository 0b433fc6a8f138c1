// Puts failed jobs together that failed for the same reason: at the same place of the handler's code, or where that is not known, with the same words.

/** Ids of a group that are kept, to be run again together. */
export const mostIds = 50_000;
const hour = 3_600_000;

/** @returns {{add: (jobs: object[]) => void, groups: () => object[], count: number}} Groups that grow. */
export function failureGroups() {
  const groups = new Map();
  let count = 0;

  function add(jobs) {
    count += jobs.length;
    for (const job of jobs) {
      const error = job.error ?? { code: 'error', message: '' };
      const key = JSON.stringify([job.type, error.code, error.place ?? [error.type ?? '', pattern(error.message)]]);
      let group = groups.get(key);
      if (!group) groups.set(key, (group = { key, type: job.type, code: error.code, errorType: error.type, place: error.place, message: error.message, jobs: [], size: 0, queues: {}, releases: {}, hours: new Map(), first: at(job), last: at(job) }));
      group.size++;
      if (group.jobs.length < mostIds) group.jobs.push({ id: job.id, type: job.type });
      tally(group.queues, job.queue);
      tally(group.releases, error.release);
      const when = at(job);
      const bin = Math.floor(when / hour) * hour;
      group.hours.set(bin, (group.hours.get(bin) ?? 0) + 1);
      group.first = Math.min(group.first, when);
      group.last = Math.max(group.last, when);
    }
  }
  return {
    add,
    get count() {
      return count;
    },
    /** The largest first. */
    groups: () => [...groups.values()].sort((a, b) => b.size - a.size || a.key.localeCompare(b.key)),
  };
}

/** @param {object[]} jobs */
export function groupFailures(jobs) {
  const all = failureGroups();
  all.add(jobs);
  return all.groups();
}

/** Into how many groups jobs fall. */
export const howManyGroups = (jobs) => groupFailures(jobs).length;

/** How many failed in each hour, from the first to the last that had some, at most so many hours. */
export function perHour({ hours, last }, most = 48) {
  const end = Math.floor(last / hour) * hour;
  const first = Math.max(Math.min(...hours.keys()), end - (most - 1) * hour);
  return Array.from({ length: (end - first) / hour + 1 }, (_, index) => hours.get(first + index * hour) ?? 0);
}

/** A message without what differs from job to job: ids, numbers, and what stands in quotation marks. */
export const pattern = (message) =>
  message
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '#')
    .replace(/(["'`]).*?\1/g, '#')
    .replace(/0x[0-9a-f]+|\d+([.,:]\d+)*/gi, '#');

const at = (job) => Date.parse(job.finishedAt ?? job.submittedAt) || 0;

function tally(counts, name) {
  if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
}
