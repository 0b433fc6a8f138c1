// Keys with jobs that wait or run: the busiest, those where most waits, those that are held back.
import { go, to, toKey } from '../address.js';
import { listKeys } from '../api/keys.js';
import { fill, h, refill } from '../dom.js';
import { count } from '../format.js';
import { selectField } from '../parts/fields.js';
import { keyActions } from '../parts/keyActions.js';
import { heldText, ruleText } from '../parts/keyFacts.js';
import { seesAll } from '../live/caller.js';
import { empty, errorBox, loading, notAllowed } from '../parts/notes.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const refreshMs = 3000;
const ranks = [
  { value: 'busy', text: t.keys.theBusiest },
  { value: 'waiting', text: t.keys.whereMostWaits },
  { value: 'held', text: t.keys.heldBackByALimit },
];

export const title = () => t.words.keys;

export function mount(root, { query, signal }) {
  if (!seesAll()) {
    fill(root, h('h1', null, t.words.keys), notAllowed(t.keys.keysAreOfAllQueues));
    return undefined;
  }
  let rank = rankOf(query);
  const trouble = h('div');
  const content = h('div', null, loading());
  const choice = selectField({ label: t.words.show, options: ranks, value: rank });
  choice.input.addEventListener('change', () => go(to(['keys'], { rank: choice.input.value === 'busy' ? '' : choice.input.value })));
  fill(root, h('h1', null, t.words.keys), h('p', { class: 'lead' }, t.keys.jobsOfOneKeyKeep), h('div', { class: 'filters' }, choice.element), trouble, content);
  let shown;

  async function load() {
    const asked = rank;
    try {
      const { keys } = await listKeys({ rank: asked }, signal);
      if (asked !== rank) return;
      const now = JSON.stringify(keys);
      // What has not changed is left alone, and focus with it.
      if (now !== shown) show(keys);
      shown = now;
    } catch (error) {
      if (signal.aborted) return;
      shown = undefined;
      fill(content, errorBox(error, { retry: refresh }));
    }
  }

  function show(keys) {
    const none = rank === 'held' ? empty(t.keys.noKeyIsHeldBack, t.keys.whateverHasAKeyMay) : empty(t.keys.noKeyHasJobs, t.keys.aSubmitNamesOneSuch);
    refill(content, keys.length === 0 ? none : h('ul', { class: 'board' }, keys.map(card)));
  }

  const card = (key) =>
    h(
      'li',
      { class: 'card', data: { of: key.key, held: key.held ?? '' } },
      h(
        'div',
        { class: 'card-head' },
        h('h2', { class: 'card-name' }, h('a', { href: toKey(key.key) }, key.key)),
        key.held === 'paused' && h('span', { class: 'badge', data: { state: 'PAUSED' } }, t.words.paused),
        keyActions(key, { trouble, onChange: () => refresh() }),
      ),
      h('p', { class: 'figures' }, h('span', null, t.words.waitingJobs(h('strong', null, count(key.waiting)))), h('span', null, t.words.runningJobs(h('strong', null, count(key.running))))),
      h('p', null, t.keys.ruleAndHold(key.rule ? ruleText(key.rule) : t.keys.noRule, key.held && heldText(key))),
    );

  const refresh = every(refreshMs, load, signal);
  return (next) => {
    rank = rankOf(next);
    choice.input.value = rank;
    shown = undefined;
    fill(content, loading());
    refresh();
  };
}

const rankOf = (query) => (ranks.some(({ value }) => value === query.get('rank')) ? query.get('rank') : 'busy');
