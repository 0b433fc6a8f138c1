// JSON to read and to take along.
import { announce } from '../announcer.js';
import { h, setText } from '../dom.js';
import { count } from '../format.js';
import { indent } from '../indent.js';
import { t } from '../texts.js';

// More than this in one element makes a browser slow; all of it can be copied.
const mostShown = 100_000;

/** @param {string} text JSON as it came. */
export function jsonBlock(text, what) {
  const pretty = text.length <= mostShown ? indent(text) : text.slice(0, mostShown);
  return h(
    'div',
    { class: 'code-block' },
    copyButton(t.code.copy(what), () => text),
    h('pre', { tabindex: 0, role: 'group', 'aria-label': what }, pretty),
    text.length > mostShown && h('p', { class: 'dim' }, t.code.theFirstOfCharactersAre(count(mostShown), count(text.length))),
  );
}

export function copyButton(label, text) {
  const button = h('button', { type: 'button', class: 'quiet small', on: { click: copy } }, label);

  async function copy() {
    let said = t.code.copied;
    try {
      // Only there on https and on localhost.
      await navigator.clipboard.writeText(text());
    } catch {
      said = t.code.cannotCopyHere;
    }
    setText(button, said);
    announce(said);
    setTimeout(() => setText(button, label), 2000);
  }
  return button;
}
