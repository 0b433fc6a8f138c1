// Pausing a key, or all keys of a prefix, and letting them go on.
import { announce } from '../announcer.js';
import { pauseKey, resumeKey } from '../api/keys.js';
import { fill, h } from '../dom.js';
import { may } from '../live/caller.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { errorBox } from './notes.js';

/**
 * @param {{key: string, paused?: object}} key
 * @param {{trouble: Element, onChange: () => void}} place `trouble` shows what goes wrong.
 */
export function keyActions({ key, paused }, { trouble, onChange }) {
  if (!may('operate')) return null;

  async function pause() {
    const reason = textField({ label: 'Why', hint: 'Shown to everybody who looks at this key.', attributes: { maxlength: 256 } });
    const done = await ask({
      title: `Pause ${key}?`,
      text: key.includes('/') ? 'No job of this key is started until it is resumed. What runs goes on.' : 'No job of this prefix is started until it is resumed. What runs goes on.',
      fields: [reason.element],
      action: 'Pause',
      act: () => pauseKey(key, reason.input.value.trim()),
    });
    if (!done) return;
    announce(`${key} is paused`);
    onChange();
  }

  async function resume() {
    fill(trouble);
    try {
      await resumeKey(key);
      announce(`${key} is resumed`);
    } catch (error) {
      fill(trouble, errorBox(error));
    }
    onChange();
  }

  return h(
    'div',
    { class: 'actions' },
    h('button', { type: 'button', class: paused ? null : 'quiet', data: { key }, on: { click: () => (paused ? resume() : pause()) } }, paused ? 'Resume' : 'Pause', h('span', { class: 'unseen' }, ` ${key}`)),
  );
}
