// What a list of jobs can be narrowed to.
import { getJobTypes, getQueues } from '../api/grid.js';
import { h } from '../dom.js';
import { stateName, states } from '../live/jobStates.js';
import { selectField, textField } from './fields.js';
import { queueField } from './queueField.js';
import { localTime } from './time.js';

const plain = ['state', 'type', 'queue', 'parent', 'after', 'schedule', 'tag', 'submittedAfter'];
/** Those that are folded away until they are wanted. */
const folded = ['id', 'phase', 'key', 'error', 'args', 'submittedBefore', 'startedAfter', 'startedBefore', 'finishedAfter', 'finishedBefore'];
const instants = [...plain, ...folded].filter((name) => /(After|Before)$/.test(name));
export const filterNames = [...plain, ...folded];

/**
 * @param {object} filter
 * @param {(filter: object) => void} onFilter
 */
export function filterBar(filter, onFilter, signal) {
  const fields = {
    state: selectField({ label: 'State', options: [{ value: '', text: 'Any' }, ...states.map((state) => ({ value: state, text: stateName(state) }))] }),
    type: textField({ label: 'Type', placeholder: 'Any', attributes: { list: 'filter-types' } }),
    queue: queueField({ label: 'Queue', placeholder: 'Any', list: 'filter-queues' }),
    parent: textField({ label: 'Child of', placeholder: 'Id of a flow' }),
    after: textField({ label: 'Follows', placeholder: 'Id of a job' }),
    schedule: textField({ label: 'Of schedule', placeholder: 'Its id' }),
    tag: textField({ label: 'Tag', placeholder: 'name=value' }),
    submittedAfter: textField({ label: 'Submitted after', type: 'datetime-local' }),
    id: textField({ label: 'Id', placeholder: 'Whole, or its beginning' }),
    phase: selectField({ label: 'Phase', options: [{ value: '', text: 'Any' }, 'scheduled', 'waiting', 'retrying', 'running', 'cancelling'] }),
    key: textField({ label: 'Key', placeholder: 'Such as tenant/7' }),
    error: textField({ label: 'Error says', attributes: { maxlength: 256 } }),
    args: textField({ label: 'Arguments contain', attributes: { maxlength: 256 } }),
    submittedBefore: textField({ label: 'Submitted before', type: 'datetime-local' }),
    startedAfter: textField({ label: 'Started after', type: 'datetime-local' }),
    startedBefore: textField({ label: 'Started before', type: 'datetime-local' }),
    finishedAfter: textField({ label: 'Ended after', type: 'datetime-local' }),
    finishedBefore: textField({ label: 'Ended before', type: 'datetime-local' }),
  };
  const types = h('datalist', { id: 'filter-types' });
  const queues = h('datalist', { id: 'filter-queues' });
  const clear = h('a', { class: 'button quiet', href: '#/jobs' }, 'Clear');
  const more = h('details', { class: 'more-filters' }, h('summary', null, 'Search further'), h('div', { class: 'fields' }, folded.map((name) => fields[name].element)));
  const element = h(
    'form',
    { class: 'filters', role: 'search', 'aria-label': 'Filter jobs', on: { submit: apply, change: apply } },
    plain.map((name) => fields[name].element),
    more,
    h('div', { class: 'filter-buttons' }, h('button', { class: 'quiet' }, 'Filter'), clear),
    types,
    queues,
  );

  function apply(event) {
    event.preventDefault();
    const wanted = Object.fromEntries(filterNames.map((name) => [name, fields[name].input.value.trim()]));
    for (const name of instants) if (wanted[name]) wanted[name] = instantOf(name, wanted[name]);
    if (wanted.tag && !/^[^=]+=/.test(wanted.tag)) return fields.tag.setMistake('Write it as name=value');
    if (filterNames.some((name) => wanted[name] !== (shown[name] ?? ''))) onFilter(wanted);
  }

  let shown = {};
  // The input knows minutes; an address that says it more exactly is left as it is.
  const instantOf = (name, text) => (text === localTime(shown[name]) ? shown[name] : new Date(text).toISOString());

  function show(next) {
    shown = next;
    for (const name of filterNames) fields[name].input.value = instants.includes(name) ? localTime(next[name]) : (next[name] ?? '');
    more.open ||= folded.some((name) => next[name]);
    clear.hidden = filterNames.every((name) => !next[name]);
  }

  const offerNames = (list) => (all) => list.replaceChildren(...all.map(({ name }) => h('option', { value: name })));
  // Offered where they can be had; any name can be typed.
  getJobTypes(signal).then(offerNames(types), () => {});
  getQueues(signal).then(offerNames(queues), () => {});
  show(filter);
  return { element, show };
}
