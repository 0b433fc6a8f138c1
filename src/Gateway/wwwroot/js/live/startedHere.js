// The jobs that were started in this tab, newest first, so that they are still there after a reload, each with the token that lets a key
// without the right to read watch it all the same.

const name = 'orleansjobs.started';
const most = 20;

/** @returns {{id: string, watchToken?: string}[]} */
export function startedHere() {
  try {
    const jobs = JSON.parse(sessionStorage.getItem(name) ?? '[]');
    return Array.isArray(jobs) ? jobs.filter((job) => typeof job?.id === 'string') : [];
  } catch {
    return [];
  }
}

export const rememberStarted = ({ id, watchToken }) => save([{ id, watchToken }, ...startedHere().filter((job) => job.id !== id)].slice(0, most));
export const forgetStarted = (ids) => save(startedHere().filter(({ id }) => !ids.includes(id)));
export const watchTokenOf = (id) => startedHere().find((job) => job.id === id)?.watchToken;

const save = (jobs) => sessionStorage.setItem(name, JSON.stringify(jobs));
