// The silos of the grid and how busy they are.
import { fill, h } from '../dom.js';
import { count } from '../format.js';

export function siloTable() {
  const body = h('tbody');
  const element = h(
    'section',
    { 'aria-labelledby': 'silos' },
    h('h2', { id: 'silos' }, 'Silos'),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-labelledby': 'silos' }, h('table', null, h('thead', null, h('tr', null, ['Silo', 'Busy', 'Partitions', 'Job types'].map((name) => h('th', { scope: 'col' }, name)))), body)),
  );
  let shown;

  function set(silos) {
    const now = JSON.stringify(silos);
    if (now === shown) return;
    shown = now;
    fill(body, silos.length === 0 ? h('tr', null, h('td', { colspan: 4, class: 'dim' }, 'None')) : silos.map(row));
  }
  return { element, set };
}

function row({ name, address, slots, busy, stuck, draining, types, partitions }) {
  const meter = h('meter', { min: 0, max: Math.max(1, slots), value: busy, 'aria-label': `Busy slots of ${name || address}` });
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, name || address, name && h('div', { class: 'dim small-text' }, address)),
    h('td', null, h('div', { class: 'busy' }, meter, h('span', null, `${count(busy)} of ${count(slots)}`)), stuck > 0 && h('div', { class: 'warn' }, `${stuck} stuck`), draining && h('div', { class: 'dim' }, 'Draining')),
    h('td', { class: 'number' }, count(partitions)),
    h('td', { class: 'wrap' }, types.join(', ')),
  );
}
