// What the grid has done, as lines over time, with what happened meanwhile.
import { go, to } from '../address.js';
import { getHistory } from '../api/history.js';
import { fill, h, refill } from '../dom.js';
import { compactCount, duration } from '../format.js';
import { firstQueue } from '../live/ownJobs.js';
import { selectField, textField } from '../parts/fields.js';
import { happenings, wordsOf } from '../parts/happenings.js';
import { queueField } from '../parts/queueField.js';
import { stepsTable, totalsTable } from '../parts/historyTables.js';
import { errorBox, loading } from '../parts/notes.js';
import { plot } from '../plot/plot.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const refreshMs = 10_000;
const minutes = 60_000;
const hours = 60 * minutes;

const ranges = {
  '30m': { text: t.history.halfAnHour, step: 'minute', ms: 30 * minutes },
  '2h': { text: t.history.twoHours, step: 'minute' },
  '24h': { text: t.history.aDay, step: 'hour', ms: 24 * hours },
  '7d': { text: t.history.aWeek, step: 'hour', ms: 7 * 24 * hours },
  '30d': { text: t.history.aMonth, step: 'hour' },
};
const usual = '2h';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dated = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });

export const title = () => t.history.history;

export function mount(root, { query, signal }) {
  let wanted = read(query);
  const range = selectField({ label: t.history.time, options: Object.entries(ranges).map(([value, { text }]) => ({ value, text: t.history.last(text) })) });
  const type = textField({ label: t.words.type, placeholder: t.words.any, attributes: { list: 'history-types' } });
  const queue = queueField({ label: t.words.queue, placeholder: t.words.any, list: 'history-queues' });
  const types = h('datalist', { id: 'history-types' });
  const queues = h('datalist', { id: 'history-queues' });
  const clear = h('a', { class: 'button quiet', href: '#/history' }, t.words.clear);
  const form = h(
    'form',
    { class: 'filters', role: 'search', 'aria-label': t.history.narrowDownHistory, on: { submit: apply, change: apply } },
    range.element, type.element, queue.element,
    h('div', { class: 'filter-buttons' }, h('button', { class: 'quiet' }, t.words.show), clear),
    types, queues,
  );

  const per = (name) => (point) => point[name];
  const share = (of, which) => (point) => (point[of] ? point[of][which] * 1000 : null);
  const shares = (of) => [['p50', 'good'], ['p95', 'warn'], ['p99', 'bad']].map(([name, look]) => ({ name, look, of: share(of, name) }));
  const plots = [
    plot(t.history.ended, [{ name: t.words.succeeded, look: 'good', of: per('succeeded') }, { name: t.words.failed, look: 'bad', of: per('failed') }, { name: t.words.cancelled, look: 'dim', of: per('cancelled') }], compactCount),
    plot(t.words.submitted, [{ name: t.words.submitted, look: 'accent', of: per('submitted') }], compactCount),
    plot(t.words.waiting, [{ name: t.words.waiting, look: 'accent', of: per('waiting') }], compactCount),
    plot(t.history.attemptsThatFailedOrWere, [{ name: t.history.failedTriedAgain, look: 'warn', of: per('retried') }, { name: t.history.lostWithTheirSilo, look: 'bad', of: per('lost') }], compactCount),
    plot(t.history.runTime, shares('runSeconds'), duration),
    plot(t.history.timeWaited, shares('waitSeconds'), duration),
  ];
  const note = h('div');
  const events = h('div');
  const byType = h('div');
  const byQueue = h('div');
  const steps = h('div');
  const asTable = h('details', { class: 'history-steps', on: { toggle: showSteps } }, h('summary', null, t.history.asATable), steps);
  const content = h(
    'div',
    { hidden: true },
    h('div', { class: 'plots' }, plots.map(({ element }) => element)),
    asTable,
    section(t.history.whatHappened, events),
    section(t.history.byType, byType),
    section(t.history.byQueue, byQueue),
  );
  const trouble = h('div', null, loading());
  fill(root, h('h1', null, t.history.history), h('p', { class: 'lead' }, t.history.countedByTheGridItself), form, trouble, note, content);
  let shown;

  async function load() {
    const asked = wanted;
    const { step, ms } = ranges[asked.range];
    try {
      // To the full minute: pages that ask at the same time ask the same.
      const from = ms && new Date(Math.floor((Date.now() - ms) / minutes) * minutes + minutes).toISOString();
      const history = await getHistory({ step, from, type: asked.type, queue: asked.queue }, signal);
      // What has been asked for since is on its way.
      if (asked === wanted) show(history);
    } catch (error) {
      if (!signal.aborted && asked === wanted) fill(trouble, errorBox(error, { retry: () => refresh() }));
    }
  }

  function show(history) {
    shown = history;
    fill(trouble);
    content.hidden = false;
    for (const each of plots) each.set(history, timeOf, wordsOf);
    fill(note, history.silent > 0 && h('p', { class: 'note warn' }, t.history.didNotAnswerWhatThey(history.silent)));
    redraw(events, happenings(history.events));
    redraw(byType, totalsTable(history.types, t.words.type, wanted, 'type'));
    redraw(byQueue, totalsTable(history.queues, t.words.queue, wanted, 'queue'));
    offer(types, history.types);
    offer(queues, history.queues);
    showSteps();
  }

  function showSteps() {
    if (asTable.open && shown) redraw(steps, stepsTable(shown, timeOf));
  }

  const timeOf = (instant) => (ranges[wanted.range].step === 'minute' ? clock : dated).format(new Date(instant));

  function apply(event) {
    event.preventDefault();
    const next = { range: range.input.value, type: type.input.value.trim(), queue: queue.input.value.trim() };
    if (['range', 'type', 'queue'].some((name) => next[name] !== wanted[name])) go(to(['history'], { ...next, range: next.range === usual ? '' : next.range }));
  }

  function showWanted() {
    range.input.value = wanted.range;
    type.input.value = wanted.type;
    queue.input.value = wanted.queue;
    clear.hidden = !wanted.type && !wanted.queue && wanted.range === usual;
  }

  showWanted();
  const refresh = every(refreshMs, load, signal);
  return (next) => {
    wanted = read(next);
    showWanted();
    refresh();
  };
}

function read(query) {
  const range = query.get('range');
  return { range: range in ranges ? range : usual, type: query.get('type') ?? '', queue: query.get('queue') ?? firstQueue() };
}

function section(name, ...children) {
  const id = `history-${name.toLowerCase().replaceAll(' ', '-')}`;
  return h('section', { 'aria-labelledby': id }, h('h2', { id }, name), children);
}

// What says the same is left alone, and focus with it; what leads somewhere keeps the focus when it is drawn anew.
function redraw(element, child) {
  if (element.firstElementChild?.isEqualNode(child)) return;
  refill(element, child);
}

const offer = (list, totals) => list.replaceChildren(...totals.filter(({ name }) => !name.startsWith('(')).map(({ name }) => h('option', { value: name })));
