// What happened to the grid, in words.
import { h } from '../dom.js';
import { ago } from './time.js';

const words = {
  silo_joined: ({ name, text }) => `Silo ${text || name} joined`,
  silo_left: ({ name, text }) => `Silo ${text || name} left`,
  silo_lost: ({ name, text }) => `Silo ${text || name} was lost`,
  release_changed: ({ name, text }) => `${name} is release ${text} now`,
  queue_paused: ({ name, by, text }) => `Queue ${name} was paused${by ? ` by ${by}` : ''}${text ? `: ${text}` : ''}`,
  queue_resumed: ({ name }) => `Queue ${name} was resumed`,
};

export const wordsOf = (event) => (words[event.what] ?? (() => `${event.what} ${event.name}`))(event);

/** The newest first. */
export function happenings(events) {
  if (events.length === 0) return h('p', { class: 'dim' }, 'Nothing happened to silos, releases and queues.');
  return h('ul', { class: 'happenings' }, [...events].reverse().map((event) => h('li', { data: { what: event.what } }, wordsOf(event), ' ', h('span', { class: 'dim' }, ago(event.at)))));
}
