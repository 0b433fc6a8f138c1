// Lists of jobs for those who are limited to several queues: the gateway answers for one queue at a time.
import { listJobs } from '../api/jobs.js';
import { ownQueues } from './caller.js';

/** The queue that a view begins with that shows one at a time; empty: all. */
export const firstQueue = () => ownQueues()[0] ?? '';

/** The newest of all queues that the viewer sees, without a cursor where these are several. */
export async function newestJobs(filter, signal) {
  if (ownQueues().length < 2 || filter.queue) return listJobs(filter, signal);
  const pages = await Promise.all(ownQueues().map((queue) => listJobs({ ...filter, queue }, signal)));
  const jobs = pages.flatMap((page) => page.jobs).sort((one, other) => Date.parse(other.submittedAt) - Date.parse(one.submittedAt));
  return { jobs: jobs.slice(0, filter.limit), hasMore: jobs.length > filter.limit || pages.some(({ cursor }) => cursor) };
}

/** All pages of a list, one after the other, of each queue that the viewer sees. */
export async function* pagesOf(filter, signal) {
  const queues = ownQueues().length < 2 ? [undefined] : ownQueues();
  for (const [index, queue] of queues.entries()) {
    let cursor;
    do {
      const page = await listJobs({ ...filter, queue, cursor }, signal);
      cursor = page.cursor;
      yield { jobs: page.jobs, hasMore: Boolean(cursor) || index < queues.length - 1 };
    } while (cursor);
  }
}
