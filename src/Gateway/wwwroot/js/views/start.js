// Start a job and watch the bars.
import { getJobTypes, getQueues } from '../api/grid.js';
import { go, to } from '../address.js';
import { fill, h } from '../dom.js';
import { startForm } from '../form/startForm.js';
import { jobBoard } from '../live/jobBoard.js';
import { newestJobs } from '../live/ownJobs.js';
import { forgetStarted, rememberStarted, startedHere } from '../live/startedHere.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const shownRunning = 12;

export const title = () => t.start.start;

export function mount(root, { query, signal }) {
  const form = h('div', null, loading(t.start.askingForTheJobTypes));
  const mine = startedBoard(signal);
  const running = runningBoard(signal, mine.board);
  fill(
    root,
    h('h1', null, t.start.startAJob),
    h('section', { class: 'panel', 'aria-label': t.start.startAJob }, form),
    mine.element,
    running.element,
  );
  load();

  async function load() {
    try {
      const types = await typesOrNone();
      if (types?.length === 0) return fill(form, empty(t.start.noJobTypesYet, t.start.noSiloHasRegisteredA));
      const made = startForm({
        types,
        preferred: query.get('type'),
        onStarted: mine.add,
        onType: (type) => go(to([], { type }), { replace: true }),
      });
      fill(form, made.element);
      // Names of queues are offered where they can be had; nothing depends on them.
      getQueues(signal).then((queues) => made.setQueues(queues.map(({ name }) => name)), () => {});
    } catch (error) {
      if (!signal.aborted) fill(form, errorBox(error, { retry: load }));
    }
  }

  async function typesOrNone() {
    try {
      return await getJobTypes(signal);
    } catch (error) {
      if (error.status !== 403) throw error;
      return undefined;
    }
  }

  // Choosing a type changes the address only; the bars stay.
  return () => {};
}

function startedBoard(signal) {
  const clear = h('button', { type: 'button', class: 'quiet', on: { click: clearFinished } }, t.start.clearFinished);
  const none = empty(t.words.noJobsYet, t.start.whatYouStartHereShows);
  const board = jobBoard(t.start.jobsStartedHere, { signal, onChange: show });
  const element = h('section', { 'aria-labelledby': 'mine' }, h('div', { class: 'section-head' }, h('h2', { id: 'mine' }, t.start.startedHere), clear), none, board.element);

  function show() {
    none.hidden = board.size > 0;
    clear.hidden = board.finished().length === 0;
  }

  function clearFinished() {
    const ids = board.finished();
    forgetStarted(ids);
    ids.forEach(board.remove);
  }

  for (const { id } of startedHere()) board.add(id, { atEnd: true });
  show();
  const add = (job) => {
    rememberStarted(job);
    board.add(job.id, { status: job });
  };
  return { element, board, add };
}

/** What runs on the grid besides; asked for now and then, and each job live from there on. */
function runningBoard(signal, mine) {
  const board = jobBoard(t.start.runningOnTheGrid, { signal, onChange: () => show() });
  const more = h('a', { href: to(['jobs'], { state: 'PROGRESS' }) }, t.start.allRunningJobs);
  const element = h('section', { hidden: true, 'aria-labelledby': 'running' }, h('div', { class: 'section-head' }, h('h2', { id: 'running' }, t.start.runningOnTheGrid), more), board.element);

  function show() {
    element.hidden = board.size === 0;
  }

  every(
    3000,
    async () => {
      // The form above says what is wrong where the gateway does not answer.
      const page = await newestJobs({ state: 'PROGRESS', limit: shownRunning }, signal).catch(() => undefined);
      if (!page || signal.aborted) return;
      const running = new Set(page.jobs.map(({ id }) => id));
      for (const id of board.finished()) if (!running.has(id)) board.remove(id);
      for (const id of board.ids()) if (mine.has(id)) board.remove(id);
      for (const job of page.jobs) if (!mine.has(job.id) && board.size < shownRunning) board.add(job.id, { atEnd: true });
    },
    signal,
  );
  return { element };
}
