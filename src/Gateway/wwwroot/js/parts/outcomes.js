// What became of the newest occurrences of a schedule, as a strip: oldest left, newest right. Each says in words what its colour says.
import { toJob } from '../address.js';
import { h } from '../dom.js';
import { fullTime } from '../format.js';
import { t } from '../texts.js';

export const outcomeWord = (run) => t.outcomes.words[run.outcome] ?? run.outcome;

/** @param {object[]} runs Newest first. */
export function outcomes(runs) {
  return h('ol', { class: 'outcomes', 'aria-label': t.outcomes.newestOccurrencesOldestFirst }, [...runs].reverse().map(mark));
}

function mark(run) {
  const said = `${fullTime(new Date(run.scheduledAt))} ${outcomeWord(run)}`;
  const dot = { class: 'outcome', title: said, data: { outcome: run.outcome } };
  return h('li', null, run.job ? h('a', { ...dot, href: toJob(run.job) }, h('span', { class: 'unseen' }, said)) : h('span', dot, h('span', { class: 'unseen' }, said)));
}
