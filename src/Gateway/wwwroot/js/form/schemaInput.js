// Inputs for values of any schema.
import { freshId, h } from '../dom.js';
import { readAll } from './mistake.js';
import { star } from '../parts/fields.js';
import { booleanInput, decimalInput, enumInput, integerInput, jsonInput, textInput, timeInput } from './scalars.js';
import { describe, hintOf, labelOf } from './schema.js';
import { t } from '../texts.js';

const inputs = {
  object: objectInput,
  array: arrayInput,
  enum: enumInput,
  boolean: booleanInput,
  integer: integerInput,
  number: decimalInput,
  time: timeInput,
  text: textInput,
  json: jsonInput,
};

/**
 * @param {{label: string, schema: *, root: *, required: boolean, pointer: string, depth: number}} asked
 * @param {Map<string, (text: string) => void>} places Where to show what is wrong, by JSON Pointer; filled in here.
 * @returns {{element: HTMLElement, read: () => *}} `read` gives undefined for what is left out.
 */
export function schemaInput(asked, places) {
  const { kind, schema } = describe(asked.schema, asked.root, asked.depth);
  const input = inputs[kind]({ ...asked, schema }, places);
  if (input.setMistake) places.set(asked.pointer, input.setMistake);
  return input;
}

function objectInput(asked, places) {
  const members = memberInputs(asked, places);
  const element = h('fieldset', { class: 'group' }, h('legend', null, asked.label, asked.required && star()), members.element);
  // Optional, and nothing in it filled in: left out.
  const read = () => {
    if (!asked.required && !members.isTouched()) return undefined;
    return members.read();
  };
  return { element, read };
}

/** The members of an object, without a frame around them. */
export function memberInputs({ schema, root, pointer, depth }, places) {
  const needed = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => ({
    name,
    input: schemaInput(
      {
        label: labelOf(name, typeof member === 'object' && member ? member : {}),
        schema: member,
        root,
        required: needed.has(name),
        pointer: `${pointer}/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`,
        depth: depth + 1,
      },
      places,
    ),
  }));
  const element = h('div', { class: 'fields' }, members.map(({ input }) => input.element));
  let touched = false;
  element.addEventListener('input', () => (touched = true));
  const read = () => {
    const values = readAll(members.map(({ input }) => input.read));
    return Object.fromEntries(members.map(({ name }, index) => [name, values[index]]).filter(([, value]) => value !== undefined));
  };
  return { element, read, isTouched: () => touched, isEmpty: members.length === 0 };
}

function arrayInput(asked, places) {
  const { label, schema, root, required, pointer, depth } = asked;
  const items = [];
  const id = freshId('list');
  const list = h('div', { class: 'items' });
  const add = h('button', { type: 'button', class: 'quiet', on: { click: () => addItem().focus() } }, t.schemaInput.add, h('span', { class: 'unseen' }, ' ', t.schemaInput.addTo(label)));
  const element = h('fieldset', { class: 'group', id }, h('legend', null, label, required && star()), hintOf(schema) && h('p', { class: 'hint' }, hintOf(schema)), list, add);

  function addItem() {
    const number = items.length;
    const input = schemaInput({ label: `${label} ${number + 1}`, schema: schema.items, root, required: true, pointer: `${pointer}/${number}`, depth: depth + 1 }, places);
    const remove = h('button', { type: 'button', class: 'quiet', 'aria-label': t.schemaInput.remove(label, number + 1), on: { click: removeLast } }, t.schemaInput.removeIt);
    const row = h('div', { class: 'item' }, input.element, remove);
    items.push({ input, row });
    list.append(row);
    showRemove();
    return row.querySelector('input, textarea, select') ?? remove;
  }

  // Only the last can be removed, so that numbers and pointers stay what they are.
  function removeLast() {
    items.pop().row.remove();
    showRemove();
    add.focus();
  }

  const showRemove = () => items.forEach(({ row }, index) => (row.lastChild.hidden = index !== items.length - 1));

  if (required) addItem();
  const read = () => (items.length === 0 && !required ? undefined : readAll(items.map(({ input }) => input.read)));
  return { element, read };
}
