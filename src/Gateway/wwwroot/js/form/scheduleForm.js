// What a schedule is made of, as inputs. Members that have none here are kept as they are.
import { h } from '../dom.js';
import { field, selectField, textField } from '../parts/fields.js';
import { queueField } from '../parts/queueField.js';
import { Mistake, readAll } from './mistake.js';
import { t } from '../texts.js';

const instantNames = ['cron', 'every', 'zone', 'anchor', 'start', 'end'];

// What a schedule says of itself that nobody has put. All else is put again, whether it has an input here or not.
const answerNames = ['id', 'version', 'createdAt', 'changedAt', 'nextAt', 'dueAt', 'come', 'paused', 'application', 'release', 'runs'];

// Inputs of texts and of numbers, by the member that they are.
const textNames = ['type', 'cron', 'zone', 'anchor', 'start', 'end', 'queue', 'key', 'overlap', 'missed'];
const numberNames = ['every', 'count', 'jitter', 'priority', 'attempts', 'timeout', 'deadline', 'missedAfter', 'missedWithin'];

// Those that few need.
const moreNames = ['start', 'end', 'count', 'anchor', 'jitter', 'priority', 'attempts', 'timeout', 'missedAfter', 'missedWithin'];

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
  const moment = (label, name) => text(label, name, { placeholder: '2030-01-31T12:00:00Z' });
  const amount = (label, name, parts) => text(label, name, { attributes: { inputmode: 'decimal' }, ...parts });
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
    start: moment(t.scheduleForm.noInstantBefore, 'start'),
    end: moment(t.scheduleForm.noInstantAfter, 'end'),
    count: amount(t.scheduleForm.soManyInstants, 'count'),
    anchor: moment(t.scheduleForm.secondsCountFrom, 'anchor'),
    jitter: amount(t.scheduleForm.laterByUpTo, 'jitter', { hint: t.scheduleForm.theSameEachTime }),
    priority: amount(t.words.priority, 'priority', { placeholder: '4', hint: t.scheduleForm.higherFirst }),
    attempts: amount(t.scheduleForm.attempts, 'attempts', { placeholder: t.words.asTheTypeSays }),
    timeout: amount(t.scheduleForm.secondsForOneAttempt, 'timeout', { placeholder: t.words.asTheTypeSays }),
    missedAfter: amount(t.scheduleForm.missedWhenLate, 'missedAfter', { placeholder: '60' }),
    missedWithin: amount(t.scheduleForm.serveThoseLate, 'missedWithin', { placeholder: '3600' }),
  };
  // What nobody has touched goes out as it came, and not as it is laid out here.
  const shown = { args: args.value.trim(), flow: flow.value.trim() };
  const sent = (name) => (said[name] !== undefined && valueOf(name) === shown[name] ? JSON.stringify(said[name]) : valueOf(name) || '{}');
  const elementOf = ([, each]) => each && each.element;
  const isMore = ([name]) => moreNames.includes(name);
  const all = Object.entries(fields);
  const more = h('details', { class: 'options' }, h('summary', null, t.scheduleForm.more), h('div', { class: 'fields' }, all.filter(isMore).map(elementOf)));
  const element = h('div', { class: 'fields' }, all.filter((each) => !isMore(each)).map(elementOf).filter(Boolean), more, list, zones);
  const valueOf = (name) => fields[name].input.value.trim();
  const isFlow = () => valueOf('what') === 'flow';

  function showWhat() {
    for (const name of jobNames.filter((each) => fields[each])) fields[name].element.hidden = isFlow();
    fields.flow.element.hidden = !isFlow();
  }

  /** What says when, for a preview, and how many of them are left to come. */
  function instants() {
    const asked = Object.fromEntries(instantNames.filter(valueOf).map((name) => [name, valueOf(name)]));
    if (!asked.every) delete asked.anchor;
    const count = Number(valueOf('count'));
    return { ...asked, left: count >= 1 ? Math.max(0, Math.floor(count) - (said.come ?? 0)) : Infinity };
  }

  /** @returns {{name?: string, body: string}} */
  function read() {
    const kept = Object.fromEntries(Object.entries(said).filter(([name]) => !answerNames.includes(name)));
    const content = isFlow() ? 'flow' : 'args';
    const numbers = readAll([...numberNames.filter((name) => !isFlow() || !jobNames.includes(name)).map((name) => () => [name, number(name)]), () => checkId(), () => check(content, valueOf(content))]);
    const given = [...textNames.map((name) => [name, valueOf(name) || undefined]), ...numbers.filter(Array.isArray)];
    for (const [name, value] of given) {
      if (value !== undefined) kept[name] = value;
      else delete kept[name];
    }
    for (const name of isFlow() ? jobNames : ['args']) delete kept[name];
    delete kept.flow;
    if (!kept.key) delete kept.weight;
    if (kept.every === undefined) delete kept.anchor;
    if (kept.missed !== 'all') delete kept.missedWithin;
    // The arguments go out as the text they are.
    const members = [`"${content}":${sent(content)}`, ...Object.entries(kept).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)];
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
      if (place && more.contains(place.element)) more.open = true;
      return !place;
    });
  }

  fields.what.input.addEventListener('change', showWhat);
  showWhat();
  for (const name of [...instantNames, 'count']) fields[name].input.addEventListener('change', () => onInstants(instants()));
  return { element, instants, read, showMistakes };
}

function check(name, text) {
  try {
    if (text) JSON.parse(text);
  } catch (error) {
    throw new Mistake(`/${name}`, error.message);
  }
}
