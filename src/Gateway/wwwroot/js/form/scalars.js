// The inputs for single values. Each has `element`, `read()` (undefined: left out; throws a Mistake), `setMistake`.
import { h } from '../dom.js';
import { field, selectField, textField } from '../parts/fields.js';
import { hintOf } from './schema.js';
import { Mistake } from './mistake.js';
import { t } from '../texts.js';

/** @typedef {{label: string, schema: object, required: boolean, pointer: string}} Asked */

export function integerInput(asked) {
  return numberInput(asked, 'numeric', (text) => /^-?\d+$/.test(text), t.scalars.thisHasToBeA);
}

export const decimalInput = (asked) => numberInput(asked, 'decimal', (text) => text !== '' && Number.isFinite(Number(text)), t.words.thisHasToBeA);

function numberInput({ label, schema, required, pointer }, inputmode, isValid, complaint) {
  // Not type=number: that one swallows what it cannot read, and scrolling over it changes it.
  const { element, input, setMistake } = textField({ label, hint: hintOf(schema), required, value: schema.default ?? '', attributes: { inputmode } });
  function read() {
    const text = input.value.trim();
    if (text === '') return missing(required, pointer);
    if (!isValid(text)) throw new Mistake(pointer, complaint);
    const value = Number(text);
    if (schema.minimum !== undefined && value < schema.minimum) throw new Mistake(pointer, t.scalars.thisHasToBeAt(schema.minimum));
    if (schema.maximum !== undefined && value > schema.maximum) throw new Mistake(pointer, t.scalars.thisHasToBeAtMost(schema.maximum));
    return value;
  }
  return { element, read, setMistake };
}

export function textInput({ label, schema, required, pointer }) {
  const attributes = { maxlength: schema.maxLength, spellcheck: 'false', autocomplete: 'off', prop: { value: schema.default ?? '' } };
  // A line input would drop the line breaks of what is pasted, so it is only for what cannot have any.
  const control = schema.format || schema.pattern ? h('input', attributes) : h('textarea', { rows: 1, class: isLong(label, schema) && 'wide', ...attributes });
  const { element, setMistake } = field({ label, control, hint: hintOf(schema), required });
  return { element, setMistake, read: () => (control.value === '' ? missing(required, pointer) : control.value) };
}

const isLong = (label, { maxLength }) => maxLength > 120 || /\b(text|body|content|message|html|description)\b/i.test(label);

export function timeInput({ label, schema, required, pointer }) {
  const { element, input, setMistake } = textField({ label, hint: hintOf(schema), type: 'datetime-local', required, attributes: { step: 1 } });
  return { element, setMistake, read: () => (input.value ? new Date(input.value).toISOString() : missing(required, pointer)) };
}

export function booleanInput({ label, schema, required }) {
  const control = h('input', { type: 'checkbox', prop: { checked: schema.default === true } });
  const { element, setMistake } = field({ label, control, hint: hintOf(schema), inline: true });
  let touched = required || schema.default !== undefined;
  control.addEventListener('change', () => (touched = true));
  return { element, setMistake, read: () => (touched ? control.checked : undefined) };
}

export function enumInput({ label, schema, required, pointer }) {
  const values = schema.enum.filter((value) => value !== null);
  const start = schema.default ?? (required ? values[0] : '');
  const { element, input, setMistake } = selectField({ label, hint: hintOf(schema), required, value: start, options: required ? values : [{ value: '', text: '–' }, ...values] });
  return { element, setMistake, read: () => (input.value === '' ? missing(required, pointer) : input.value) };
}

export function jsonInput({ label, schema, required, pointer }) {
  const control = h('textarea', { rows: 2, class: 'code wide', spellcheck: 'false', prop: { value: schema.default === undefined ? '' : JSON.stringify(schema.default) } });
  const { element, setMistake } = field({ label, control, hint: [hintOf(schema), t.scalars.asJson].filter(Boolean).join(' · '), required });
  function read() {
    if (control.value.trim() === '') return missing(required, pointer);
    try {
      return JSON.parse(control.value);
    } catch (error) {
      throw new Mistake(pointer, error.message);
    }
  }
  return { element, read, setMistake };
}

function missing(required, pointer) {
  if (required) throw new Mistake(pointer, t.scalars.thisIsNeeded);
  return undefined;
}
