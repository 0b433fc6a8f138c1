// The searches that the viewer has kept, to go to, and to keep the one that is shown.
import { to } from '../address.js';
import { announce } from '../announcer.js';
import { fill, h } from '../dom.js';
import { isReadOnly } from '../live/caller.js';
import { forgetSearch, savedSearches, saveSearch } from '../live/savedSearches.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { Problem } from '../api/problem.js';
import { t } from '../texts.js';

export function searchList() {
  let shown = {};
  const list = h('ul', { class: 'searches', 'aria-label': t.searchList.keptSearches });
  const keep = h('button', { type: 'button', class: 'quiet', on: { click: save } }, t.searchList.keepThisSearch);
  const element = h('div', { class: 'many' }, list, keep);

  async function save() {
    const name = textField({ label: t.searchList.name, required: true, attributes: { maxlength: 60 } });
    const filter = shown;
    const kept = await ask({
      title: t.searchList.keepThisSearch,
      text: t.searchList.itStaysInThisBrowser,
      fields: [name.element],
      action: t.searchList.keep,
      async act() {
        const text = name.input.value.trim();
        if (!text) throw new Problem({ title: t.searchList.itNeedsAName });
        if (!saveSearch(text, filter)) throw new Problem({ title: t.searchList.thisBrowserKeepsNothingFor });
      },
    });
    if (!kept) return;
    announce(t.searchList.theSearchIsKept);
    update();
  }

  function forget(name) {
    forgetSearch(name);
    announce(t.searchList.isForgotten(name));
    update();
    keep.focus();
  }

  function update() {
    const searches = savedSearches();
    fill(
      list,
      searches.map(({ name, filter }) =>
        h('li', null, h('a', { href: to(['jobs'], filter) }, name), !isReadOnly() && h('button', { type: 'button', class: 'link', 'aria-label': t.searchList.forget(name), on: { click: () => forget(name) } }, '×')),
      ),
    );
    list.hidden = searches.length === 0;
    keep.hidden = isReadOnly() || Object.values(shown).every((value) => !value);
    element.hidden = list.hidden && keep.hidden;
  }

  update();
  return {
    element,
    /** @param {object} filter What the page shows. */
    setFilter(filter) {
      shown = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
      update();
    },
  };
}
