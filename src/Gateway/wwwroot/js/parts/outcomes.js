// What became of the newest occurrences of a schedule, as a strip: oldest left, newest right. Each says in words what its colour says.
import { toJob } from '../address.js';
import { h } from '../dom.js';
import { fullTime } from '../format.js';

const words = { open: 'has not ended', success: 'succeeded', failure: 'failed', revoked: 'was cancelled', skipped: 'was skipped', queued: 'waits for others to end', replaced: 'was replaced' };

export const outcomeWord = (run) => words[run.outcome] ?? run.outcome;

/** @param {object[]} runs Newest first. */
export function outcomes(runs) {
  return h('ol', { class: 'outcomes', 'aria-label': 'Newest occurrences, oldest first' }, [...runs].reverse().map(mark));
}

function mark(run) {
  const said = `${fullTime(new Date(run.scheduledAt))} ${outcomeWord(run)}`;
  const dot = { class: 'outcome', title: said, data: { outcome: run.outcome } };
  return h('li', null, run.job ? h('a', { ...dot, href: toJob(run.job) }, h('span', { class: 'unseen' }, said)) : h('span', dot, h('span', { class: 'unseen' }, said)));
}
