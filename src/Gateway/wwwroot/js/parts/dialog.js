// Questions asked on top of the page. The dialog element brings focus in, keeps it there, and gives it back.
import { fill, freshId, h } from '../dom.js';
import { errorBox } from './notes.js';
import { t } from '../texts.js';

/**
 * Asks, and does what was asked for while the dialog stays open, so that a mistake can be seen and mended.
 * @param {{title: string, text?: string, fields?: Node[], action: string, danger?: boolean, act: (signal: AbortSignal) => Promise<void>}} question The signal is that the dialog is closed:
 *   whoever goes back wants no more of it.
 * @returns {Promise<boolean>} Whether it was done.
 */
export function ask({ title, text, fields = [], action, danger = false, act }) {
  return new Promise((resolve) => {
    const titleId = freshId('dialog');
    const trouble = h('div');
    const confirm = h('button', { class: danger ? 'danger' : 'primary' }, action);
    const form = h(
      'form',
      { novalidate: true, on: { submit } },
      h('h2', { id: titleId }, title),
      text && h('p', null, text),
      fields,
      trouble,
      h('div', { class: 'dialog-buttons' }, h('button', { type: 'button', on: { click: () => dialog.close() } }, t.dialog.back), confirm),
    );
    const dialog = h('dialog', { 'aria-labelledby': titleId }, form);
    const closing = new AbortController();
    let done = false;

    async function submit(event) {
      event.preventDefault();
      confirm.disabled = true;
      try {
        await act(closing.signal);
        done = true;
        dialog.close();
      } catch (error) {
        fill(trouble, errorBox(error));
      } finally {
        confirm.disabled = false;
      }
    }

    dialog.addEventListener('close', () => {
      closing.abort();
      dialog.remove();
      resolve(done);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
