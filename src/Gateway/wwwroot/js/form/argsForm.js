// The arguments of a job: fields made from the type's schema, or JSON for those who prefer it.
import { fill, h } from '../dom.js';
import { field } from '../parts/fields.js';
import { Mistake } from './mistake.js';
import { describe } from './schema.js';
import { memberInputs } from './schemaInput.js';
import { t } from '../texts.js';

/**
 * @param {{argsSchema: *}} type
 * @param {Map<string, (text: string) => void>} places Where to show what is wrong, by JSON Pointer.
 * @returns {{element: HTMLElement, read: () => string}} `read` gives JSON text.
 */
export function argsForm(type, places) {
  const { kind, schema } = describe(type.argsSchema, type.argsSchema);
  const asFields = kind === 'object' ? memberInputs({ schema, root: type.argsSchema, pointer: '/args', depth: 0 }, places) : undefined;
  const body = h('div');
  const toggle = h('button', { type: 'button', class: 'link', on: { click: () => show(!json) } });
  const element = h('div', { class: 'args' }, body, asFields && !asFields.isEmpty && toggle);
  let json;

  function show(asJson) {
    const before = asJson && asFields ? textOf(asFields) : '{}';
    json = asJson ? jsonText(before) : undefined;
    toggle.textContent = asJson ? t.argsForm.fillInFieldsInstead : t.argsForm.writeJsonInstead;
    fill(body, asJson ? json.element : asFields.element);
  }

  function jsonText(value) {
    const control = h('textarea', { rows: 5, class: 'code', spellcheck: 'false', prop: { value } });
    const { element: frame, setMistake } = field({ label: t.words.argumentsAsJson, control });
    places.set('/args', setMistake);
    return { element: frame, control };
  }

  show(!asFields);
  return { element, read: () => (json ? checked(json.control.value) : JSON.stringify(asFields.read())) };
}

/** The text as it is, so that a number of thirty digits is sent as it was written. */
function checked(text) {
  if (text.trim() === '') return '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Mistake('/args', error.message);
  }
  return text;
}

function textOf(fields) {
  try {
    return JSON.stringify(fields.read(), null, 2);
  } catch {
    return '{}';
  }
}
