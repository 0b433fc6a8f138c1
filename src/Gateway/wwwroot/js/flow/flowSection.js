// What a flow has started, on its page: a graph where it has one that can be looked at, otherwise how many of what.
import { to } from '../address.js';
import { getFlow } from '../api/flows.js';
import { fill, h, refill } from '../dom.js';
import { compactCount } from '../format.js';
import { isFinished, stateName } from '../live/jobStates.js';
import { bar } from '../parts/bar.js';
import { errorBox } from '../parts/notes.js';
import { every } from '../polling.js';
import { graph } from './graph.js';
import { summary } from './layout.js';
import { t } from '../texts.js';

/** More boxes than these nobody looks at. */
const mostBoxes = 200;
const refreshMs = 2000;

/** Flows that are data. */
const isGraph = (job) => job.type === 'oj-flow';

export function flowSection(id, signal) {
  const content = h('div');
  const more = h('p', { class: 'dim' });
  const element = h('section', { hidden: true, 'aria-labelledby': 'flow' }, h('div', { class: 'section-head' }, h('h2', { id: 'flow' }, t.words.flow), h('a', { href: to(['jobs'], { parent: id }) }, t.flowSection.allChildren)), content, more);
  const drawing = graph();
  let refresh;
  let looking;

  function update(job) {
    if (!job.flow && !isGraph(job)) return;
    element.hidden = false;
    // Told of each change of the flow; between them its children move, for as long as it has not ended.
    if (refresh && !looking.signal.aborted) refresh();
    else {
      looking = new AbortController();
      refresh = every(refreshMs, load, AbortSignal.any([signal, looking.signal]));
    }
  }

  async function load() {
    try {
      const flow = await getFlow(id, signal);
      show(flow);
      if (isFinished(flow)) looking.abort();
    } catch (error) {
      if (!signal.aborted) fill(content, errorBox(error));
    }
  }

  function show(flow) {
    const hasGraph = flow.jobs.every(({ name }) => name) && flow.jobs.length <= mostBoxes && flow.jobs.length > 0;
    if (hasGraph) {
      if (drawing.element.parentNode !== content) fill(content, drawing.element);
      drawing.update(flow.jobs);
    } else refill(content, groups(flow.groups ?? []), counts(id, flow));
    fill(more, flow.more && t.flowSection.theseAreTheNewestThere(flow.jobs.length));
  }
  return { element, update };
}

function groups(all) {
  return all.map(({ name, total, started, succeeded, failed }) => {
    const ended = succeeded + failed;
    const state = total !== undefined && ended >= total ? (failed ? 'FAILURE' : 'SUCCESS') : 'PROGRESS';
    return h('div', { class: 'panel' }, h('p', null, h('code', null, name), ' ', t.flowSection.ended(compactCount(ended), compactCount(total ?? started), failed > 0 && compactCount(failed))), bar({ id: name, type: 'group', state, current: ended, total: total ?? started }).element);
  });
}

function counts(id, flow) {
  const rows = summary(flow.jobs);
  if (rows.length === 0) return h('p', { class: 'dim' }, t.flowSection.itHasStartedNothingYet);
  return h(
    'ul',
    { class: 'flow-counts' },
    rows.map(({ type, total, states }) =>
      h('li', null, h('a', { href: to(['jobs'], { parent: id, type }) }, type), ` ${compactCount(total)}: `, Object.entries(states).map(([state, number], index) => [index > 0 && ', ', `${compactCount(number)} ${state === 'SKIPPED' ? t.flowSection.notRun : stateName(state).toLowerCase()}`])),
    ),
  );
}
