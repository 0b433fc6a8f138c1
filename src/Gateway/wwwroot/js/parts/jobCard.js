// One job at a glance: what it is, how far, what it says, and how it ended.
import { toJob } from '../address.js';
import { announce } from '../announcer.js';
import { h, setText } from '../dom.js';
import { shortId } from '../format.js';
import { isFinished, stateWord } from '../live/jobStates.js';
import { badge } from './badge.js';
import { bar } from './bar.js';
import { jobActions } from './jobActions.js';
import { t } from '../texts.js';

/** @returns {{element: HTMLElement, update: (job: object) => void, job: object}} */
export function jobCard(job) {
  const state = badge(job);
  const progress = bar(job);
  const trouble = h('div');
  const actions = jobActions(job, { trouble, only: ['cancel', 'retry'] });
  const message = h('p', { class: 'card-message' });
  const result = h('code', { class: 'card-result' });
  const outcome = h('p', { class: 'card-outcome', hidden: true }, t.jobCard.result(result));
  const element = h(
    'li',
    { class: 'card', data: { job: job.id } },
    h('div', { class: 'card-head' }, h('a', { href: toJob(job.id), class: 'card-name' }, job.type, ' ', h('span', { class: 'id' }, shortId(job.id))), state.element, actions.element),
    progress.element,
    message,
    outcome,
    trouble,
  );

  const card = { element, job, update };
  function update(next) {
    if (isFinished(next) && !isFinished(card.job)) announce(`${next.type} ${shortId(next.id)}: ${stateWord(next)}`);
    card.job = next;
    element.dataset.state = next.state;
    state.update(next);
    progress.update(next);
    actions.update(next);
    setText(message, next.error ? errorText(next.error) : next.status || stateWord(next));
    outcome.hidden = !('result' in next);
    setText(result, 'result' in next ? clip(JSON.stringify(next.result)) : '');
  }
  update(job);
  return card;
}

export const errorText = (error) => [error.type ?? error.code, error.message].filter(Boolean).join(': ');

const clip = (text) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
