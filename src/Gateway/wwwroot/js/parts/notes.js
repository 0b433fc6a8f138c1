// What is shown in place of content: nothing yet, nothing at all, or what went wrong.
import { h } from '../dom.js';
import { Problem } from '../api/problem.js';
import { signInAddress } from '../live/caller.js';
import { t } from '../texts.js';

export const loading = (what = t.notes.loading) => h('p', { class: 'loading', role: 'status' }, `${what}…`);

/** Where what the view is for may not be done by whoever looks. */
export const notAllowed = (what) => h('p', { class: 'note' }, what);

export const empty = (title, ...hint) => h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), hint.length > 0 && h('p', null, hint));

/** @param {{retry?: () => void}} [options] */
export function errorBox(error, { retry } = {}) {
  const problem = error instanceof Problem ? error : new Problem({ title: t.notes.thisPageHasMadeA, detail: String(error?.message ?? error) });
  return h(
    'div',
    { class: 'error-box', role: 'alert' },
    h('p', { class: 'error-title' }, problem.title),
    problem.detail && h('p', null, problem.detail),
    problem.mistakes.length > 0 && h('ul', null, problem.mistakes.map(({ pointer, parameter, detail }) => h('li', null, (pointer || parameter) && [h('code', null, pointer || parameter), ' '], detail))),
    problem.retryAfter && h('p', { class: 'dim' }, t.notes.tryAgainIn(problem.retryAfter)),
    problem.isKeyWanted && signInAddress() && h('a', { class: 'button', href: signInAddress() }, t.words.signIn),
    problem.isKeyWanted && h('button', { type: 'button', on: { click: () => document.dispatchEvent(new Event('keywanted')) } }, t.notes.enterAnApiKey),
    !problem.isKeyWanted && retry && h('button', { type: 'button', on: { click: retry } }, t.notes.tryAgain),
  );
}
