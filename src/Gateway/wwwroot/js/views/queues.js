// Queues, and holding them back.
import { to } from '../address.js';
import { announce } from '../announcer.js';
import { getQueues, pauseQueue, resumeQueue } from '../api/grid.js';
import { fill, h, refill } from '../dom.js';
import { count } from '../format.js';
import { may } from '../live/caller.js';
import { ask } from '../parts/dialog.js';
import { textField } from '../parts/fields.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { ago } from '../parts/time.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const refreshMs = 3000;

export const title = () => t.queues.queues;

export function mount(root, { signal }) {
  const trouble = h('div');
  const content = h('div', null, loading());
  fill(root, h('h1', null, t.queues.queues), h('p', { class: 'lead' }, t.queues.aPausedQueueTakesJobs), trouble, content);
  let shown;

  async function load() {
    try {
      const queues = await getQueues(signal);
      const now = JSON.stringify(queues);
      // What has not changed is left alone, and focus with it.
      if (now !== shown) show(queues);
      shown = now;
    } catch (error) {
      if (signal.aborted) return;
      shown = undefined;
      fill(content, errorBox(error, { retry: refresh }));
    }
  }

  function show(queues) {
    refill(content, queues.length === 0 ? empty(t.queues.noQueuesYet, t.queues.aQueueIsThereAs) : h('ul', { class: 'board' }, queues.map(card)));
  }

  function card(queue) {
    const { name, paused, reason, since, pending, running } = queue;
    return h(
      'li',
      { class: 'card', data: { queue: name, paused: String(paused) } },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { class: 'card-name' }, name),
        paused && h('span', { class: 'badge', data: { state: 'PAUSED' } }, t.words.paused),
        may('operate') && h('div', { class: 'actions' }, h('button', { type: 'button', class: paused ? null : 'quiet', data: { key: name }, on: { click: () => (paused ? resume(name) : pause(name)) } }, paused ? t.words.resume : t.words.pause, h('span', { class: 'unseen' }, ` ${name}`))),
      ),
      paused && h('p', null, t.words.pausedBy(undefined, ago(since), reason && h('q', null, reason))),
      h(
        'p',
        { class: 'figures' },
        h('a', { href: to(['jobs'], { queue: name, state: 'PENDING' }) }, t.words.waitingJobs(h('strong', null, count(pending)))),
        h('a', { href: to(['jobs'], { queue: name, state: 'PROGRESS' }) }, t.words.runningJobs(h('strong', null, count(running)))),
      ),
    );
  }

  async function pause(name) {
    const reason = textField({ label: t.words.why, hint: t.queues.shownToEverybodyWhoLooks, attributes: { maxlength: 256 } });
    const paused = await ask({
      title: t.queues.pause(name),
      text: t.queues.noJobOfThisQueue,
      fields: [reason.element],
      action: t.words.pause,
      act: () => pauseQueue(name, reason.input.value.trim()),
    });
    if (paused) {
      announce(t.queues.isPaused(name));
      refresh();
    }
  }

  async function resume(name) {
    fill(trouble);
    try {
      await resumeQueue(name);
      announce(t.queues.isResumed(name));
    } catch (error) {
      fill(trouble, errorBox(error));
    }
    refresh();
  }

  const refresh = every(refreshMs, load, signal);
}
