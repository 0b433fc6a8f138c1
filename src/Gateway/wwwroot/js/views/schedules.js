// Schedules: when they come, what became of them.
import { to, toSchedule } from '../address.js';
import { listSchedules } from '../api/schedules.js';
import { fill, h, refill } from '../dom.js';
import { may } from '../live/caller.js';
import { instant } from '../parts/instant.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { outcomes } from '../parts/outcomes.js';
import { scheduleActions } from '../parts/scheduleActions.js';
import { whatText, whenText } from '../parts/scheduleFacts.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const refreshMs = 3000;

export const title = () => t.words.schedules;

export function mount(root, { query, signal }) {
  let cursor = query.get('cursor') ?? '';
  const trouble = h('div');
  const content = h('div', null, loading());
  const pages = h('nav', { class: 'pages', 'aria-label': t.words.pages });
  fill(
    root,
    h('div', { class: 'section-head' }, h('h1', null, t.words.schedules), h('a', { class: 'button quiet', href: to(['coming']) }, t.words.comingJobs), may('operate') && h('a', { class: 'button', href: to(['new-schedule']) }, t.words.newSchedule)),
    h('p', { class: 'lead' }, t.schedules.eachSubmitsAJobAt),
    trouble,
    content,
    pages,
  );
  let shown;

  async function load() {
    const asked = cursor;
    try {
      const page = await listSchedules(asked, signal);
      if (asked !== cursor) return;
      const now = JSON.stringify(page);
      // What has not changed is left alone, and focus with it.
      if (now !== shown) show(page);
      shown = now;
    } catch (error) {
      if (signal.aborted) return;
      shown = undefined;
      fill(content, errorBox(error, { retry: refresh }));
    }
  }

  function show({ schedules, cursor: next }) {
    const none = () => (next ? empty(t.schedules.noneAmongTheFirstOf, t.schedules.laterOnesMayMatch) : empty(t.schedules.noSchedulesYet, t.schedules.aScheduleSubmitsAJob));
    refill(content, schedules.length === 0 ? none() : h('ul', { class: 'board' }, schedules.map(card)));
    refill(pages, cursor && h('a', { class: 'button', href: to(['schedules']) }, t.schedules.first), next && h('a', { class: 'button', rel: 'next', href: to(['schedules'], { cursor: next }) }, t.schedules.nextPage));
  }

  const card = (schedule) =>
    h(
      'li',
      { class: 'card', data: { schedule: schedule.id } },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { class: 'card-name' }, h('a', { href: toSchedule(schedule.id) }, schedule.id)),
        schedule.paused && h('span', { class: 'badge', data: { state: 'PAUSED' } }, t.words.paused),
        scheduleActions(schedule, { trouble, onChange: () => refresh() }),
      ),
      h('p', null, h('span', null, whatText(schedule)), ' ', h('code', null, whenText(schedule))),
      h('p', null, nextOf(schedule)),
      schedule.runs.length > 0 && outcomes(schedule.runs),
    );

  const refresh = every(refreshMs, load, signal);
  return (next) => {
    cursor = next.get('cursor') ?? '';
    fill(content, loading());
    shown = undefined;
    refresh();
  };
}

function nextOf({ paused, nextAt, zone }) {
  if (paused) return t.words.pausedBy(paused.by, undefined, paused.reason && h('q', null, paused.reason));
  return nextAt ? t.schedules.next(instant(nextAt, zone, { withDistance: true })) : t.schedules.noInstantComesAnyMore;
}
