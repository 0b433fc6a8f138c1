// A label, what is filled in, a hint and a mistake, tied together for those who cannot see that they stand together.
import { freshId, h, setAttribute, setText } from '../dom.js';

/**
 * @param {{label: string, control: HTMLElement, hint?: string, required?: boolean, inline?: boolean}} parts
 * @returns {{element: HTMLElement, setMistake: (text: string) => void}}
 */
export function field({ label, control, hint, required = false, inline = false }) {
  const id = freshId('field');
  control.id = id;
  const hintElement = hint && h('p', { class: 'hint', id: `${id}-hint` }, hint);
  const mistake = h('p', { class: 'mistake', id: `${id}-mistake`, hidden: true });
  const describedBy = (wrong) => [wrong && mistake.id, hintElement?.id].filter(Boolean).join(' ') || null;
  setAttribute(control, 'aria-describedby', describedBy(false));
  if (required) setAttribute(control, 'aria-required', 'true');
  const caption = h('label', { for: id }, label, required && star());
  const element = h('div', { class: inline ? 'field field-inline' : 'field' }, inline ? [control, caption] : [caption, control], hintElement, mistake);

  const setMistake = (text) => {
    mistake.hidden = !text;
    setText(mistake, text ?? '');
    setAttribute(control, 'aria-invalid', text ? 'true' : null);
    setAttribute(control, 'aria-describedby', describedBy(Boolean(text)));
  };
  control.addEventListener('input', () => setMistake(''));
  return { element, setMistake };
}

/** Says "required" to the eye; the control itself says it to screen readers. */
export const star = () => h('span', { class: 'required', 'aria-hidden': 'true' }, ' *');

export function textField({ label, hint, type = 'text', value = '', required, placeholder, attributes }) {
  const input = h('input', { type, value, placeholder, autocomplete: 'off', spellcheck: 'false', ...attributes });
  return { ...field({ label, control: input, hint, required }), input };
}

/** @param {{options: (string | {value: string, text: string})[]}} choice */
export function selectField({ label, hint, options, value = '', required }) {
  const input = h('select', null, options.map((option) => (typeof option === 'string' ? { value: option, text: option } : option)).map(({ value: v, text }) => h('option', { value: v }, text)));
  input.value = value;
  return { ...field({ label, control: input, hint, required }), input };
}
