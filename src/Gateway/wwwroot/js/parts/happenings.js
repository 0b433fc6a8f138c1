// What happened to the grid, in words.
import { h } from '../dom.js';
import { ago } from './time.js';
import { t } from '../texts.js';

export const wordsOf = (event) => (t.happenings.words[event.what] ?? (() => `${event.what} ${event.name}`))(event);

/** The newest first. */
export function happenings(events) {
  if (events.length === 0) return h('p', { class: 'dim' }, t.happenings.nothingHappenedToSilosReleases);
  return h('ul', { class: 'happenings' }, [...events].reverse().map((event) => h('li', { data: { what: event.what } }, wordsOf(event), ' ', h('span', { class: 'dim' }, ago(event.at)))));
}
