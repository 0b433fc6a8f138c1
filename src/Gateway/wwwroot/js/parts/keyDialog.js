// Where an API key is entered and forgotten.
import { getKey, onKeyChange, setKey } from '../api/key.js';
import { setText } from '../dom.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';

function openKeyDialog() {
  const { element, input } = textField({ label: 'API key', hint: 'Kept until this tab is closed. Leave it empty to forget it.', type: 'password', value: getKey() });
  input.autocomplete = 'off';
  return ask({ title: 'API key', fields: [element], action: 'Use this key', act: async () => setKey(input.value.trim()) });
}

/** @param {() => void} onChange The page has to ask for everything again. */
export function initKeyButton(button, onChange) {
  const show = () => setText(button, getKey() ? 'API key set' : 'API key');
  button.addEventListener('click', openKeyDialog);
  // Whatever was answered with 401 has a button that asks for this.
  document.addEventListener('keywanted', openKeyDialog);
  onKeyChange(() => {
    show();
    onChange();
  });
  show();
}
