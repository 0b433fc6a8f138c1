// What a schedule is made of, as inputs. Members that have none here are kept as they are.
import { h } from '../dom.js';
import { field, selectField, textField } from '../parts/fields.js';
import { Mistake, readAll } from './mistake.js';

const instantNames = ['cron', 'every', 'zone', 'anchor', 'start', 'end'];

// Of what a schedule says of itself, what can be put.
const putNames = ['type', 'queue', 'priority', 'args', 'tags', 'attempts', 'timeout', 'retention', ...instantNames, 'count', 'jitter', 'overlap', 'missed', 'missedAfter', 'missedWithin'];

const overlaps = [
  { value: 'skip', text: 'Skip the instant' },
  { value: 'queue', text: 'Let one wait' },
  { value: 'all', text: 'Run beside each other' },
  { value: 'cancel', text: 'Cancel the others, and start' },
  { value: 'replace', text: 'Cancel the others, and start when they have ended' },
];
const misseds = [
  { value: 'one', text: 'Serve the latest' },
  { value: 'all', text: 'Serve all of the last hour' },
  { value: 'none', text: 'Serve none' },
];

/** @param {{types: object[], schedule?: object, onInstants: (instants: object) => void}} options Without `schedule`, a new one. */
export function scheduleForm({ types, schedule, onInstants }) {
  const said = schedule ?? { overlap: 'skip', missed: 'one', zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
  const list = h('datalist', { id: 'schedule-types' }, types.map(({ name }) => h('option', { value: name })));
  const zones = h('datalist', { id: 'schedule-zones' }, (Intl.supportedValuesOf?.('timeZone') ?? []).map((name) => h('option', { value: name })));
  const text = (label, name, more = {}) => textField({ label, value: said[name] === undefined ? '' : String(said[name]), ...more });
  const args = h('textarea', { rows: 4, class: 'code', spellcheck: 'false', prop: { value: JSON.stringify(said.args ?? {}, null, 2) } });
  const fields = {
    id: !schedule && textField({ label: 'Id', required: true, hint: 'A-Z a-z 0-9 . _ -', attributes: { maxlength: 64 } }),
    type: text('Job type', 'type', { required: true, attributes: { list: list.id } }),
    args: { ...field({ label: 'Arguments as JSON', control: args, hint: '{"$at":"scheduled"} becomes the instant.' }), input: args },
    cron: text('Cron expression', 'cron', { placeholder: '30 2 * * MON-FRI', hint: 'Minute, hour, day of month, month, day of week; seconds before them where there are six.' }),
    every: text('Or every so many seconds', 'every', { attributes: { inputmode: 'decimal' } }),
    zone: text('Time zone', 'zone', { placeholder: 'UTC', attributes: { list: zones.id } }),
    queue: text('Queue', 'queue', { placeholder: 'as the type says' }),
    overlap: selectField({ label: 'While one before it has not ended', options: overlaps, value: said.overlap }),
    missed: selectField({ label: 'Of instants that nobody could serve', options: misseds, value: said.missed }),
  };
  const element = h('div', { class: 'fields' }, Object.values(fields).filter(Boolean).map((each) => each.element), list, zones);
  const valueOf = (name) => fields[name].input.value.trim();

  /** What says when, for a preview. */
  function instants() {
    const kept = Object.fromEntries(instantNames.filter((name) => said[name] !== undefined).map((name) => [name, said[name]]));
    for (const name of ['cron', 'every', 'zone']) {
      if (valueOf(name)) kept[name] = valueOf(name);
      else delete kept[name];
    }
    if (!kept.every) delete kept.anchor;
    return kept;
  }

  /** @returns {{name?: string, body: string}} */
  function read() {
    const kept = Object.fromEntries(putNames.filter((name) => said[name] !== undefined).map((name) => [name, said[name]]));
    const [every] = readAll([() => (valueOf('every') ? number(valueOf('every')) : undefined), () => checkId(), () => check(valueOf('args'))]);
    for (const name of ['type', 'cron', 'zone', 'queue', 'overlap', 'missed']) {
      if (valueOf(name)) kept[name] = valueOf(name);
      else delete kept[name];
    }
    delete kept.args;
    delete kept.every;
    if (every !== undefined) kept.every = every;
    else delete kept.anchor;
    if (kept.missed !== 'all') delete kept.missedWithin;
    // The arguments go out as the text they are.
    const members = [`"args":${valueOf('args') || '{}'}`, ...Object.entries(kept).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)];
    return { name: fields.id && valueOf('id'), body: `{${members.join(',')}}` };
  }

  function checkId() {
    if (fields.id && !valueOf('id')) throw new Mistake('/id', 'A schedule needs an id');
  }

  /** Shows each mistake at its input, and gives back those that have none. */
  function showMistakes(mistakes) {
    for (const each of Object.values(fields)) if (each) each.setMistake('');
    return mistakes.filter(({ pointer, parameter, detail }) => {
      const place = fields[(pointer ?? parameter ?? '').split('/').filter(Boolean)[0]];
      place?.setMistake(detail);
      return !place;
    });
  }

  for (const name of ['cron', 'every', 'zone']) fields[name].input.addEventListener('change', () => onInstants(instants()));
  return { element, instants, read, showMistakes };
}

function check(text) {
  try {
    if (text) JSON.parse(text);
  } catch (error) {
    throw new Mistake('/args', error.message);
  }
}

function number(text) {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Mistake('/every', 'This has to be a number');
  return value;
}
