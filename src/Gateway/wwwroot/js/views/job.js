// All there is to know about one job.
import { to } from '../address.js';
import { getArgs, getJob, getResult } from '../api/jobs.js';
import { announce } from '../announcer.js';
import { fill, h, setText } from '../dom.js';
import { shortId } from '../format.js';
import { flowSection } from '../flow/flowSection.js';
import { may } from '../live/caller.js';
import { offer, watchJob } from '../live/jobFeed.js';
import { isFinished, stateWord } from '../live/jobStates.js';
import { newestJobs } from '../live/ownJobs.js';
import { badge } from '../parts/badge.js';
import { bar } from '../parts/bar.js';
import { copyButton, jsonBlock } from '../parts/code.js';
import { copyForm } from '../parts/copyForm.js';
import { jobActions } from '../parts/jobActions.js';
import { jobFacts } from '../parts/jobFacts.js';
import { jobLog } from '../parts/jobLog.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { paceLine } from '../parts/paceLine.js';
import { signalForm } from '../parts/signalForm.js';
import { timeline } from '../parts/timeline.js';
import { t } from '../texts.js';

/** That a job says nothing is told by nobody: whoever looks at it asks. */
const silenceMs = 10_000;

/** Beyond them there is a list. */
const mostFollowers = 5;

export const title = ([, id]) => t.job.job(shortId(id));

export function mount(root, { segments, signal }) {
  const id = segments[1];
  fill(root, loading());
  load();

  async function load() {
    try {
      const job = await getJob(id, signal);
      show(job);
    } catch (error) {
      if (signal.aborted) return;
      fill(root, h('h1', null, t.words.job), error.status === 404 ? missing(id) : errorBox(error, { retry: load }));
    }
  }

  function show(first) {
    let job = first;
    const trouble = h('div');
    const state = badge(job);
    const progress = bar(job);
    const pace = paceLine(signal);
    const says = h('p', { class: 'says' });
    const actions = jobActions(job, { trouble, onDeleted: () => fill(root, h('h1', null, job.type), empty(t.job.thisJobHasBeenDeleted, h('a', { href: to(['jobs']) }, t.words.goToTheList))) });
    const facts = jobFacts();
    const history = timeline(signal);
    const failure = h('section', { hidden: true });
    const result = outcome(signal);
    const flow = flowSection(id, signal);
    const signals = may('operate') && signalForm(job);
    const log = jobLog(id, signal);
    fill(
      root,
      h('p', { class: 'crumb' }, h('a', { href: to(['jobs']) }, t.words.allJobs)),
      h('div', { class: 'section-head' }, h('h1', null, job.type, ' ', state.element), actions.element),
      h('p', { class: 'job-id' }, h('code', null, job.id), copyButton(t.job.copyId, () => job.id)),
      h('section', { class: 'panel', 'aria-label': t.words.progress }, progress.element, pace.element, says, trouble),
      failure,
      flow.element,
      result.element,
      h('div', { class: 'columns' }, facts.element, history.element),
      log.element,
      signals && signals.element,
      argsSection(id, signal),
      may('operate') && may('read') && copyForm(job, signal).element,
    );

    function update(next) {
      if (isFinished(next) && !isFinished(job)) announce(`${next.type}: ${stateWord(next)}`);
      job = next;
      state.update(job);
      progress.update(job);
      pace.update(job);
      actions.update(job);
      facts.update(job);
      history.update(job);
      setText(says, job.error ? '' : job.status || stateWord(job));
      showFailure(failure, job);
      result.update(job);
      flow.update(job);
      if (signals) signals.update(job);
      log.update(job);
    }

    update(job);
    newestJobs({ after: id, limit: mostFollowers }, signal).then(({ jobs, cursor, hasMore }) => facts.setFollowers(cursor || hasMore ? [...jobs, { more: true }] : jobs), () => {});
    watchJob(id, (next) => next && next.version > job.version && update(next), signal);
    offer(job);
    const asking = setInterval(listen, silenceMs);
    signal.addEventListener('abort', () => clearInterval(asking));

    async function listen() {
      if (document.hidden || job.phase !== 'running') return;
      try {
        const now = await getJob(id, signal);
        if (now.version === job.version) facts.setSilence(now.stalledFor);
      } catch {
        // Asked again in a while.
      }
    }
  }
}

const missing = (id) => empty(t.job.thereIsNoJobOf, t.job.missing(h('code', null, id)), ' ', h('a', { href: to(['jobs']) }, t.words.goToTheList));

function showFailure(element, job) {
  element.hidden = !job.error;
  // What is open stays open while nothing changes.
  const shown = JSON.stringify(job.error ?? null);
  if (element.dataset.shown === shown) return;
  element.dataset.shown = shown;
  fill(
    element,
    job.error &&
      h('div', { class: 'error-box' }, h('h2', { class: 'error-title' }, t.job.whyItFailed), h('p', null, h('code', null, job.error.code), job.error.type && [' ', h('code', null, job.error.type)]), h('pre', { class: 'wrap' }, job.error.message), job.error.place && h('p', { class: 'wrap dim' }, t.job.place(h('code', null, job.error.place), job.error.release)), job.error.trace && h('details', { class: 'trace' }, h('summary', null, t.job.stackTrace), h('pre', { class: 'wrap', tabindex: 0, role: 'group', 'aria-label': t.job.stackTrace }, job.error.trace))),
  );
}

/** The result, fetched as text when there is one, so that it is shown as the handler wrote it. */
function outcome(signal) {
  const content = h('div');
  const element = h('section', { hidden: true, 'aria-labelledby': 'result' }, h('h2', { id: 'result' }, t.job.result), content);
  let shownVersion;

  async function update(job) {
    element.hidden = job.state !== 'SUCCESS';
    if (element.hidden || shownVersion === job.version) return;
    shownVersion = job.version;
    try {
      fill(content, jsonBlock(await getResult(job.id, signal), t.job.theResult));
    } catch (error) {
      if (!signal.aborted) fill(content, errorBox(error));
    }
  }
  return { element, update };
}

/** The arguments as they were sent. */
function argsSection(id, signal) {
  const content = h('div', null, loading());
  const element = h('section', { 'aria-labelledby': 'args' }, h('h2', { id: 'args' }, t.words.arguments), content);
  getArgs(id, signal).then(
    (text) => fill(content, jsonBlock(text, t.words.theArguments)),
    (error) => {
      if (!signal.aborted) fill(content, errorBox(error));
    },
  );
  return element;
}
