// What a list of jobs can be narrowed to.
import { getJobTypes, getQueues } from '../api/grid.js';
import { h } from '../dom.js';
import { stateName, states } from '../live/jobStates.js';
import { selectField, textField } from './fields.js';
import { localTime } from './time.js';

export const filterNames = ['state', 'type', 'queue', 'parent', 'after', 'schedule', 'tag', 'submittedAfter'];

/**
 * @param {object} filter
 * @param {(filter: object) => void} onFilter
 */
export function filterBar(filter, onFilter, signal) {
  const fields = {
    state: selectField({ label: 'State', options: [{ value: '', text: 'Any' }, ...states.map((state) => ({ value: state, text: stateName(state) }))] }),
    type: textField({ label: 'Type', placeholder: 'Any', attributes: { list: 'filter-types' } }),
    queue: textField({ label: 'Queue', placeholder: 'Any', attributes: { list: 'filter-queues' } }),
    parent: textField({ label: 'Child of', placeholder: 'Id of a flow' }),
    after: textField({ label: 'Follows', placeholder: 'Id of a job' }),
    schedule: textField({ label: 'Of schedule', placeholder: 'Its id' }),
    tag: textField({ label: 'Tag', placeholder: 'name=value' }),
    submittedAfter: textField({ label: 'Submitted after', type: 'datetime-local' }),
  };
  const types = h('datalist', { id: 'filter-types' });
  const queues = h('datalist', { id: 'filter-queues' });
  const clear = h('a', { class: 'button quiet', href: '#/jobs' }, 'Clear');
  const element = h(
    'form',
    { class: 'filters', role: 'search', 'aria-label': 'Filter jobs', on: { submit: apply, change: apply } },
    Object.values(fields).map((each) => each.element),
    h('div', { class: 'filter-buttons' }, h('button', { class: 'quiet' }, 'Filter'), clear),
    types,
    queues,
  );

  function apply(event) {
    event.preventDefault();
    const wanted = Object.fromEntries(filterNames.map((name) => [name, fields[name].input.value.trim()]));
    if (wanted.submittedAfter) wanted.submittedAfter = instantOf(wanted.submittedAfter);
    if (wanted.tag && !/^[^=]+=/.test(wanted.tag)) return fields.tag.setMistake('Write it as name=value');
    if (filterNames.some((name) => wanted[name] !== (shown[name] ?? ''))) onFilter(wanted);
  }

  let shown = {};
  // The input knows minutes; an address that says it more exactly is left as it is.
  const instantOf = (text) => (text === localTime(shown.submittedAfter) ? shown.submittedAfter : new Date(text).toISOString());

  function show(next) {
    shown = next;
    for (const name of filterNames) fields[name].input.value = name === 'submittedAfter' ? localTime(next[name]) : next[name];
    clear.hidden = filterNames.every((name) => !next[name]);
  }

  const offerNames = (list) => (all) => list.replaceChildren(...all.map(({ name }) => h('option', { value: name })));
  // Offered where they can be had; any name can be typed.
  getJobTypes(signal).then(offerNames(types), () => {});
  getQueues(signal).then(offerNames(queues), () => {});
  show(filter);
  return { element, show };
}
