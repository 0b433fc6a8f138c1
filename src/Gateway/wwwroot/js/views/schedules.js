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

const refreshMs = 3000;

export const title = () => 'Schedules';

export function mount(root, { query, signal }) {
  let cursor = query.get('cursor') ?? '';
  const trouble = h('div');
  const content = h('div', null, loading());
  const pages = h('nav', { class: 'pages', 'aria-label': 'Pages' });
  fill(
    root,
    h('div', { class: 'section-head' }, h('h1', null, 'Schedules'), h('a', { class: 'button quiet', href: to(['coming']) }, 'Coming jobs'), may('operate') && h('a', { class: 'button', href: to(['new-schedule']) }, 'New schedule')),
    h('p', { class: 'lead' }, 'Each submits a job at its instants.'),
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
    refill(content, schedules.length === 0 ? empty('No schedules yet', 'A schedule submits a job at each of its instants.') : h('ul', { class: 'board' }, schedules.map(card)));
    refill(pages, cursor && h('a', { class: 'button', href: to(['schedules']) }, 'First'), next && h('a', { class: 'button', rel: 'next', href: to(['schedules'], { cursor: next }) }, 'Next'));
  }

  const card = (schedule) =>
    h(
      'li',
      { class: 'card', data: { schedule: schedule.id } },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { class: 'card-name' }, h('a', { href: toSchedule(schedule.id) }, schedule.id)),
        schedule.paused && h('span', { class: 'badge', data: { state: 'PAUSED' } }, 'Paused'),
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
  if (paused) return ['Paused by ', paused.by, paused.reason && [': ', h('q', null, paused.reason)]];
  return nextAt ? ['Next ', instant(nextAt, zone, { withDistance: true })] : 'No instant comes any more.';
}
