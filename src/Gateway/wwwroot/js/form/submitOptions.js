// When and how a job is to run, folded away, since most jobs need none of it.
import { h } from '../dom.js';
import { ownQueues } from '../live/caller.js';
import { textField } from '../parts/fields.js';
import { queueField } from '../parts/queueField.js';
import { Mistake, readAll } from './mistake.js';
import { t } from '../texts.js';

const numbers = [
  { name: 'countdown', label: t.submitOptions.startAfterSeconds, example: t.submitOptions.atOnce },
  { name: 'expires', label: t.submitOptions.giveUpIfNotStarted, example: t.submitOptions.never },
  { name: 'deadline', label: t.submitOptions.giveUpIfNotEnded, example: t.submitOptions.never },
  { name: 'priority', label: t.submitOptions.priority, example: '4' },
  { name: 'attempts', label: t.submitOptions.attempts, example: t.words.asTheTypeSays },
  { name: 'timeout', label: t.submitOptions.timeoutOfAnAttemptSeconds, example: t.words.asTheTypeSays },
  { name: 'retention', label: t.submitOptions.keepWhenFinishedSeconds, example: t.submitOptions.asTheGridSays },
];

/**
 * @param {Map<string, (text: string) => void>} places Where to show what is wrong, by JSON Pointer.
 * @returns {{element: HTMLElement, read: () => object}} `read` gives the members that were filled in.
 */
export function submitOptions(places) {
  const list = h('datalist', { id: 'queue-names' });
  const inputs = [
    { name: 'queue', ...queueField({ label: t.words.queue, placeholder: t.words.asTheTypeSays, list: list.id }), parse: (text) => text },
    { name: 'key', ...textField({ label: t.submitOptions.keyLimitsAndOrder, placeholder: t.words.asTheTypeSays }), parse: (text) => text },
    ...numbers.map(({ name, label, example }) => ({ name, ...textField({ label, placeholder: example, attributes: { inputmode: 'decimal' } }), parse: parseNumber })),
    { name: 'tags', ...textField({ label: t.words.tags, placeholder: 'tenant=acme, run=7' }), parse: parseTags },
  ];
  for (const { name, setMistake } of inputs) places.set(`/${name}`, setMistake);
  // Who is limited to some queues names one with each job: the type's own may be another.
  const element = h('details', { class: 'options', open: ownQueues().length > 0 }, h('summary', null, t.submitOptions.whenAndHow), h('div', { class: 'fields' }, inputs.map((input) => input.element)), list);

  const read = () => {
    const values = readAll(
      inputs.map(({ name, input, parse }) => () => {
        const text = input.value.trim();
        return text === '' ? undefined : parse(text, `/${name}`);
      }),
    );
    return Object.fromEntries(inputs.map(({ name }, index) => [name, values[index]]).filter(([, value]) => value !== undefined));
  };
  return { element, read, setQueues: (names) => list.replaceChildren(...names.map((name) => h('option', { value: name }))), open: () => (element.open = true) };
}

function parseNumber(text, pointer) {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Mistake(pointer, t.words.thisHasToBeA);
  return value;
}

/** "tenant=acme, run=7" → { tenant: "acme", run: "7" }. */
export function parseTags(text, pointer) {
  const pairs = text.split(',').map((pair) => pair.trim()).filter(Boolean).map((pair) => /^([^=]+)=(.*)$/s.exec(pair));
  if (pairs.includes(null)) throw new Mistake(pointer, t.submitOptions.writeTagsAsNameValue);
  return Object.fromEntries(pairs.map(([, name, value]) => [name.trim(), value.trim()]));
}
