// What a list of jobs can be narrowed to.
import { getJobTypes, getQueues } from '../api/grid.js';
import { h } from '../dom.js';
import { stateName, states } from '../live/jobStates.js';
import { selectField, textField } from './fields.js';
import { queueField } from './queueField.js';
import { localTime } from './time.js';
import { t } from '../texts.js';

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
    state: selectField({ label: t.words.state, options: [{ value: '', text: t.words.any }, ...states.map((state) => ({ value: state, text: stateName(state) }))] }),
    type: textField({ label: t.words.type, placeholder: t.words.any, attributes: { list: 'filter-types' } }),
    queue: queueField({ label: t.words.queue, placeholder: t.words.any, list: 'filter-queues' }),
    parent: textField({ label: t.words.childOf, placeholder: t.filterBar.idOfAFlow }),
    after: textField({ label: t.filterBar.follows, placeholder: t.filterBar.idOfAJob }),
    schedule: textField({ label: t.filterBar.ofSchedule, placeholder: t.filterBar.itsId }),
    tag: textField({ label: t.filterBar.tag, placeholder: 'name=value' }),
    submittedAfter: textField({ label: t.filterBar.submittedAfter, type: 'datetime-local' }),
    id: textField({ label: t.words.id, placeholder: t.filterBar.wholeOrItsBeginning }),
    phase: selectField({ label: t.filterBar.phase, options: [{ value: '', text: t.words.any }, 'scheduled', 'waiting', 'retrying', 'running', 'cancelling'] }),
    key: textField({ label: t.words.key, placeholder: t.filterBar.suchAsTenant7 }),
    error: textField({ label: t.filterBar.errorSays, attributes: { maxlength: 256 } }),
    args: textField({ label: t.filterBar.argumentsContain, attributes: { maxlength: 256 } }),
    submittedBefore: textField({ label: t.filterBar.submittedBefore, type: 'datetime-local' }),
    startedAfter: textField({ label: t.filterBar.startedAfter, type: 'datetime-local' }),
    startedBefore: textField({ label: t.filterBar.startedBefore, type: 'datetime-local' }),
    finishedAfter: textField({ label: t.filterBar.endedAfter, type: 'datetime-local' }),
    finishedBefore: textField({ label: t.filterBar.endedBefore, type: 'datetime-local' }),
  };
  const types = h('datalist', { id: 'filter-types' });
  const queues = h('datalist', { id: 'filter-queues' });
  const clear = h('a', { class: 'button quiet', href: '#/jobs' }, t.words.clear);
  const more = h('details', { class: 'more-filters' }, h('summary', null, t.filterBar.searchFurther), h('div', { class: 'fields' }, folded.map((name) => fields[name].element)));
  const element = h(
    'form',
    { class: 'filters', role: 'search', 'aria-label': t.filterBar.filterJobs, on: { submit: apply, change: apply } },
    plain.map((name) => fields[name].element),
    more,
    h('div', { class: 'filter-buttons' }, h('button', { class: 'quiet' }, t.filterBar.filter), clear),
    types,
    queues,
  );

  function apply(event) {
    event.preventDefault();
    const wanted = Object.fromEntries(filterNames.map((name) => [name, fields[name].input.value.trim()]));
    for (const name of instants) if (wanted[name]) wanted[name] = instantOf(name, wanted[name]);
    if (wanted.tag && !/^[^=]+=/.test(wanted.tag)) return fields.tag.setMistake(t.filterBar.writeItAsNameValue);
    if (filterNames.some((name) => wanted[name] !== (shown[name] ?? ''))) onFilter(wanted);
  }

  let shown = {};
  // The input knows minutes; an address that says it more exactly is left as it is.
  const instantOf = (name, text) => (text === localTime(shown[name]) ? shown[name] : new Date(text).toISOString());

  function show(next) {
    const before = shown;
    shown = next;
    for (const name of filterNames) {
      // What somebody is writing goes on being theirs, while what they have written before is searched for.
      if (fields[name].input === document.activeElement && (next[name] ?? '') === (before[name] ?? '')) continue;
      fields[name].input.value = instants.includes(name) ? localTime(next[name]) : (next[name] ?? '');
    }
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
