// A list of live job cards: put in when first heard of, moved by no later news, taken out on request.
import { h } from '../dom.js';
import { jobCard } from '../parts/jobCard.js';
import { isFinished } from './jobStates.js';
import { watchJob } from './jobFeed.js';

/**
 * @param {string} label What these jobs are, for those who cannot see the heading.
 * @param {{signal: AbortSignal, onChange?: () => void}} options
 */
export function jobBoard(label, { signal, onChange = () => {} }) {
  const cards = new Map();
  const element = h('ul', { class: 'board', 'aria-label': label });

  /** Shows a job; `status` may be left out where only the id is known. */
  function add(id, { status, atEnd = false } = {}) {
    if (cards.has(id)) return;
    const entry = { watching: new AbortController(), card: undefined, place: h('li', { class: 'card card-empty', data: { job: id } }) };
    cards.set(id, entry);
    element[atEnd ? 'append' : 'prepend'](entry.place);
    if (status) show(id, status);
    signal.addEventListener('abort', () => entry.watching.abort(), { signal: entry.watching.signal });
    watchJob(id, (job) => (job ? show(id, job) : remove(id)), entry.watching.signal);
    onChange();
  }

  function show(id, job) {
    const entry = cards.get(id);
    if (entry.card) {
      if (job.version > entry.card.job.version) entry.card.update(job);
    } else {
      entry.card = jobCard(job);
      entry.place.replaceWith(entry.card.element);
    }
    onChange();
  }

  function remove(id) {
    const entry = cards.get(id);
    if (!entry) return;
    cards.delete(id);
    entry.watching.abort();
    (entry.card?.element ?? entry.place).remove();
    onChange();
  }

  const finished = () => [...cards].filter(([, { card }]) => card && isFinished(card.job)).map(([id]) => id);
  return { element, add, remove, has: (id) => cards.has(id), ids: () => [...cards.keys()], finished, get size() { return cards.size; } };
}
