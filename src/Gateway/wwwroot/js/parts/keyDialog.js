// Where an API key is entered and forgotten.
import { getKey, onKeyChange, setKey } from '../api/key.js';
import { setText } from '../dom.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { t } from '../texts.js';

function openKeyDialog() {
  const { element, input } = textField({ label: t.keyDialog.apiKey, hint: t.keyDialog.keptUntilThisTabIs, type: 'password', value: getKey() });
  input.autocomplete = 'off';
  return ask({ title: t.keyDialog.apiKey, fields: [element], action: t.keyDialog.useThisKey, act: async () => setKey(input.value.trim()) });
}

/** @param {() => void} onChange The page has to ask for everything again. */
export function initKeyButton(button, onChange) {
  const show = () => setText(button, getKey() ? t.keyDialog.apiKeySet : t.keyDialog.apiKey);
  button.addEventListener('click', openKeyDialog);
  // Whatever was answered with 401 has a button that asks for this.
  document.addEventListener('keywanted', openKeyDialog);
  onKeyChange(() => {
    show();
    onChange();
  });
  show();
}
