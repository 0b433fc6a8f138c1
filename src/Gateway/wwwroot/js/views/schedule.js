// One schedule: what it is, what comes, what became of it.
import { go, to, toJob } from '../address.js';
import { getRuns, getSchedule, nextOf } from '../api/schedules.js';
import { fill, h, refill } from '../dom.js';
import { shortId } from '../format.js';
import { jsonBlock } from '../parts/code.js';
import { instant } from '../parts/instant.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { outcomeWord, outcomes } from '../parts/outcomes.js';
import { scheduleActions } from '../parts/scheduleActions.js';
import { scheduleFacts } from '../parts/scheduleFacts.js';
import { ago, span } from '../parts/time.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const refreshMs = 3000;

export const title = ([, id]) => t.schedule.schedule(id);

export function mount(root, { segments, signal }) {
  const id = segments[1];
  const trouble = h('div');
  const content = h('div', null, loading());
  fill(root, h('p', { class: 'crumb' }, h('a', { href: to(['schedules']) }, t.words.schedules)), trouble, content);
  let shown;

  async function load() {
    try {
      const [schedule, { next }, { runs }] = await Promise.all([getSchedule(id, signal), nextOf(id, signal), getRuns(id, signal)]);
      const now = JSON.stringify([schedule, next, runs]);
      // What has not changed is left alone, and focus with it.
      if (now !== shown) show(schedule, next, runs);
      shown = now;
    } catch (error) {
      if (signal.aborted) return;
      shown = undefined;
      fill(content, h('h1', null, id), error.status === 404 ? empty(t.schedule.thereIsNoScheduleOf, h('a', { href: to(['schedules']) }, t.words.goToTheList)) : errorBox(error, { retry: refresh }));
    }
  }

  function show(schedule, next, runs) {
    const { paused, zone } = schedule;
    refill(
      content,
      h(
        'div',
        { class: 'section-head' },
        h('h1', null, id, paused && [' ', h('span', { class: 'badge', data: { state: 'PAUSED' } }, t.words.paused)]),
        scheduleActions(schedule, { trouble, onChange: () => refresh(), onDeleted: () => go(to(['schedules'])) }),
      ),
      paused && h('p', { class: 'note warn' }, t.words.pausedBy(paused.by, ago(paused.at), paused.reason && h('q', null, paused.reason))),
      h(
        'div',
        { class: 'columns' },
        h('section', { 'aria-labelledby': 'facts' }, h('h2', { id: 'facts' }, t.words.facts), scheduleFacts(schedule)),
        h('section', { 'aria-labelledby': 'next' }, h('h2', { id: 'next' }, t.schedule.nextInstants), nextList(next, zone)),
      ),
      h('section', { 'aria-labelledby': 'runs' }, h('h2', { id: 'runs' }, t.schedule.newestOccurrences), h('p', null, h('a', { href: to(['jobs'], { schedule: id }) }, t.schedule.allThatAreKept)), runs.length > 0 ? [outcomes(schedule.runs), runsTable(runs, zone)] : empty(t.schedule.noneYet)),
      h('section', { 'aria-labelledby': 'args' }, h('h2', { id: 'args' }, schedule.flow ? t.words.flow : t.words.arguments), jsonBlock(JSON.stringify(schedule.flow ?? schedule.args), schedule.flow ? t.schedule.theFlow : t.words.theArguments)),
    );
  }

  const refresh = every(refreshMs, load, signal);
}

export const nextList = (next, zone) => (next.length > 0 ? h('ol', { class: 'instants' }, next.map((each) => h('li', null, instant(each, zone, { withDistance: true })))) : h('p', { class: 'dim' }, t.words.noneSentence));

const runsTable = (runs, zone) =>
  h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': 'runs' },
    h(
      'table',
      null,
      h('thead', null, h('tr', null, [t.schedule.instant, t.schedule.outcome, t.schedule.cause, t.schedule.lateBy, t.words.ranFor, t.words.job].map((name) => h('th', { scope: 'col' }, name)))),
      h(
        'tbody',
        null,
        runs.map((run) =>
          h(
            'tr',
            { data: { outcome: run.outcome } },
            h('th', { scope: 'row' }, instant(run.scheduledAt, zone)),
            h('td', null, outcomeWord(run)),
            h('td', null, run.cause),
            h('td', null, span(run.startedAt && run.scheduledAt, run.startedAt)),
            h('td', null, span(run.finishedAt && run.startedAt, run.finishedAt)),
            h('td', null, run.job && h('a', { href: toJob(run.job), title: run.job }, shortId(run.job))),
          ),
        ),
      ),
    ),
  );
