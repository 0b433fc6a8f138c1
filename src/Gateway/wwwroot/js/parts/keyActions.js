// Pausing a key, or all keys of a prefix, and letting them go on.
import { announce } from '../announcer.js';
import { pauseKey, resumeKey } from '../api/keys.js';
import { fill, h } from '../dom.js';
import { may } from '../live/caller.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { errorBox } from './notes.js';
import { t } from '../texts.js';

/**
 * @param {{key: string, paused?: object}} key
 * @param {{trouble: Element, onChange: () => void}} place `trouble` shows what goes wrong.
 */
export function keyActions({ key, paused }, { trouble, onChange }) {
  if (!may('operate')) return null;

  async function pause() {
    const reason = textField({ label: t.words.why, hint: t.keyActions.shownToEverybodyWhoLooks, attributes: { maxlength: 256 } });
    const done = await ask({
      title: t.keyActions.pause(key),
      text: key.includes('/') ? t.keyActions.noJobOfThisKey : t.keyActions.noJobOfThisPrefix,
      fields: [reason.element],
      action: t.words.pause,
      act: () => pauseKey(key, reason.input.value.trim()),
    });
    if (!done) return;
    announce(t.keyActions.isPaused(key));
    onChange();
  }

  async function resume() {
    fill(trouble);
    try {
      await resumeKey(key);
      announce(t.keyActions.isResumed(key));
    } catch (error) {
      fill(trouble, errorBox(error));
    }
    onChange();
  }

  return h(
    'div',
    { class: 'actions' },
    h('button', { type: 'button', class: paused ? null : 'quiet', data: { key }, on: { click: () => (paused ? resume() : pause()) } }, paused ? t.words.resume : t.words.pause, h('span', { class: 'unseen' }, ` ${key}`)),
  );
}
