// What a schedule is made of, as inputs. Members that have none here are kept as they are.
import { h } from '../dom.js';
import { field, selectField, textField } from '../parts/fields.js';
import { queueField } from '../parts/queueField.js';
import { Mistake, readAll } from './mistake.js';
import { t } from '../texts.js';

const instantNames = ['cron', 'every', 'zone', 'anchor', 'start', 'end'];

// Of what a schedule says of itself, what can be put.
const putNames = ['type', 'flow', 'queue', 'priority', 'args', 'key', 'weight', 'tags', 'attempts', 'timeout', 'deadline', 'retention', ...instantNames, 'count', 'jitter', 'overlap', 'missed', 'missedAfter', 'missedWithin'];

// What of these only a job has, and not a flow.
const jobNames = ['type', 'args', 'queue', 'priority', 'key', 'weight', 'attempts', 'timeout'];

const overlaps = [
  { value: 'skip', text: t.scheduleForm.skipTheInstant },
  { value: 'queue', text: t.scheduleForm.letOneWait },
  { value: 'all', text: t.scheduleForm.runBesideEachOther },
  { value: 'cancel', text: t.scheduleForm.cancelTheOthersAndStart },
  { value: 'replace', text: t.scheduleForm.cancelTheOthersAndStartWhen },
];
const misseds = [
  { value: 'one', text: t.scheduleForm.serveTheLatest },
  { value: 'all', text: t.scheduleForm.serveAllOfTheLast },
  { value: 'none', text: t.scheduleForm.serveNone },
];

/** @param {{types: object[], schedule?: object, onInstants: (instants: object) => void}} options Without `schedule`, a new one. */
export function scheduleForm({ types, schedule, onInstants }) {
  const said = schedule ?? { overlap: 'skip', missed: 'one', zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
  const list = h('datalist', { id: 'schedule-types' }, types.map(({ name }) => h('option', { value: name })));
  const zones = h('datalist', { id: 'schedule-zones' }, (Intl.supportedValuesOf?.('timeZone') ?? []).map((name) => h('option', { value: name })));
  const text = (label, name, more = {}) => textField({ label, value: said[name] === undefined ? '' : String(said[name]), ...more });
  const flow = h('textarea', { rows: 8, class: 'code', spellcheck: 'false', prop: { value: JSON.stringify(said.flow ?? { jobs: [{ name: 'first', type: '', args: {} }] }, null, 2) } });
  const args = h('textarea', { rows: 4, class: 'code', spellcheck: 'false', prop: { value: JSON.stringify(said.args ?? {}, null, 2) } });
  const fields = {
    id: !schedule && textField({ label: t.words.id, required: true, hint: 'A-Z a-z 0-9 . _ -', attributes: { maxlength: 64 } }),
    what: selectField({ label: t.scheduleForm.whatRuns, options: [{ value: 'job', text: t.scheduleForm.aJob }, { value: 'flow', text: t.scheduleForm.aFlow }], value: said.flow ? 'flow' : 'job' }),
    type: text(t.words.jobType, 'type', { required: true, attributes: { list: list.id } }),
    args: { ...field({ label: t.words.argumentsAsJson, control: args, hint: t.scheduleForm.atScheduledBecomesTheInstant }), input: args },
    flow: { ...field({ label: t.scheduleForm.flowAsJson, control: flow, hint: t.scheduleForm.asPostFlowsTakesIt }), input: flow },
    cron: text(t.scheduleForm.cronExpression, 'cron', { placeholder: '30 2 * * MON-FRI', hint: t.scheduleForm.minuteHourDayOfMonth }),
    every: text(t.scheduleForm.orEverySoManySeconds, 'every', { attributes: { inputmode: 'decimal' } }),
    zone: text(t.scheduleForm.timeZone, 'zone', { placeholder: 'UTC', attributes: { list: zones.id } }),
    queue: queueField({ label: t.words.queue, value: said.queue, placeholder: t.words.asTheTypeSays }),
    key: text(t.words.key, 'key', { placeholder: t.words.asTheTypeSays, hint: t.scheduleForm.whoseLimitsAndOrderIts }),
    deadline: text(t.scheduleForm.failsAfterSoManySeconds, 'deadline', { attributes: { inputmode: 'decimal' } }),
    overlap: selectField({ label: t.scheduleForm.whileOneBeforeItHas, options: overlaps, value: said.overlap }),
    missed: selectField({ label: t.scheduleForm.ofInstantsThatNobodyCould, options: misseds, value: said.missed }),
  };
  const element = h('div', { class: 'fields' }, Object.values(fields).filter(Boolean).map((each) => each.element), list, zones);
  const valueOf = (name) => fields[name].input.value.trim();
  const isFlow = () => valueOf('what') === 'flow';

  function showWhat() {
    for (const name of ['type', 'args', 'queue', 'key']) fields[name].element.hidden = isFlow();
    fields.flow.element.hidden = !isFlow();
  }

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
    const content = isFlow() ? 'flow' : 'args';
    const [every, deadline] = readAll([() => number('every'), () => number('deadline'), () => checkId(), () => check(content, valueOf(content))]);
    for (const name of ['type', 'cron', 'zone', 'queue', 'key', 'overlap', 'missed']) {
      if (valueOf(name)) kept[name] = valueOf(name);
      else delete kept[name];
    }
    for (const name of isFlow() ? jobNames : ['args']) delete kept[name];
    if (!kept.key) delete kept.weight;
    for (const name of ['flow', 'every', 'deadline']) delete kept[name];
    if (deadline !== undefined) kept.deadline = deadline;
    if (every !== undefined) kept.every = every;
    else delete kept.anchor;
    if (kept.missed !== 'all') delete kept.missedWithin;
    // The arguments go out as the text they are.
    const members = [`"${content}":${valueOf(content) || '{}'}`, ...Object.entries(kept).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)];
    return { name: fields.id && valueOf('id'), body: `{${members.join(',')}}` };
  }

  function number(name) {
    const text = valueOf(name);
    if (!text) return undefined;
    const value = Number(text);
    if (!Number.isFinite(value)) throw new Mistake(`/${name}`, t.words.thisHasToBeA);
    return value;
  }

  function checkId() {
    if (fields.id && !valueOf('id')) throw new Mistake('/id', t.scheduleForm.aScheduleNeedsAnId);
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

  fields.what.input.addEventListener('change', showWhat);
  showWhat();
  for (const name of ['cron', 'every', 'zone']) fields[name].input.addEventListener('change', () => onInstants(instants()));
  return { element, instants, read, showMistakes };
}

function check(name, text) {
  try {
    if (text) JSON.parse(text);
  } catch (error) {
    throw new Mistake(`/${name}`, error.message);
  }
}
