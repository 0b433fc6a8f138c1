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

const refreshMs = 3000;
const ranks = [
  { value: 'busy', text: 'the busiest' },
  { value: 'waiting', text: 'where most waits' },
  { value: 'held', text: 'held back by a limit' },
];

export const title = () => 'Keys';

export function mount(root, { query, signal }) {
  if (!seesAll()) {
    fill(root, h('h1', null, 'Keys'), notAllowed('Keys are of all queues, and you see some. What a job of yours waits for, its own page says.'));
    return undefined;
  }
  let rank = rankOf(query);
  const trouble = h('div');
  const content = h('div', null, loading());
  const choice = selectField({ label: 'Show', options: ranks, value: rank });
  choice.input.addEventListener('change', () => go(to(['keys'], { rank: choice.input.value === 'busy' ? '' : choice.input.value })));
  fill(root, h('h1', null, 'Keys'), h('p', { class: 'lead' }, 'Jobs of one key keep to its limits and order, and take turns with those of others.'), h('div', { class: 'filters' }, choice.element), trouble, content);
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
    const none = rank === 'held' ? empty('No key is held back', 'Whatever has a key may start.') : empty('No key has jobs', 'A submit names one, such as tenant/7, or the type of a job makes it of the arguments.');
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
        key.held === 'paused' && h('span', { class: 'badge', data: { state: 'PAUSED' } }, 'Paused'),
        keyActions(key, { trouble, onChange: () => refresh() }),
      ),
      h('p', { class: 'figures' }, h('span', null, h('strong', null, count(key.waiting)), ' waiting'), h('span', null, h('strong', null, count(key.running)), ' running')),
      h('p', null, key.rule ? ruleText(key.rule) : 'No rule', key.held && ['. Held back: ', heldText(key)]),
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
