// The silos of the grid, how busy they are, and what holds their slots.
import { toJob } from '../address.js';
import { fill, h, setAttribute, setText } from '../dom.js';
import { count, duration, shortId } from '../format.js';
import { t } from '../texts.js';

export function siloTable() {
  const body = h('tbody');
  const element = h(
    'section',
    { 'aria-labelledby': 'silos' },
    h('h2', { id: 'silos' }, t.siloTable.silos),
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': 'silos' }, h('table', null, h('thead', null, h('tr', null, [t.words.silo, t.siloTable.busy, t.siloTable.longestRunning, t.siloTable.partitions, t.siloTable.jobTypes].map((name) => h('th', { scope: 'col' }, name)))), body)),
  );
  // A row stays as long as its silo, and with it what is open and has the focus.
  const rows = new Map();
  let shown;

  function set(silos) {
    const addresses = silos.map(({ address }) => address).join(' ');
    for (const address of rows.keys()) if (!silos.some((silo) => silo.address === address)) rows.delete(address);
    for (const silo of silos) {
      if (!rows.has(silo.address)) rows.set(silo.address, row(silo));
      rows.get(silo.address).set(silo);
    }
    if (addresses === shown) return;
    shown = addresses;
    fill(body, silos.length === 0 ? h('tr', null, h('td', { colspan: 5, class: 'dim' }, t.words.none)) : silos.map(({ address }) => rows.get(address).element));
  }
  return { element, set };
}

function row({ name, address }) {
  const meter = h('meter', { min: 0, 'aria-label': t.siloTable.busySlotsOf(name || address) });
  const busyText = h('span');
  const stuckText = h('div', { class: 'warn' });
  const drainingText = h('div', { class: 'dim' }, t.siloTable.draining);
  const jobs = h('td');
  const partitionsText = h('td', { class: 'number' });
  const typesText = h('td', { class: 'wrap' });
  const element = h('tr', null, h('th', { scope: 'row' }, name || address, name && h('div', { class: 'dim small-text' }, address)), h('td', null, h('div', { class: 'busy' }, meter, busyText), stuckText, drainingText), jobs, partitionsText, typesText);
  let shown;
  let times = [];

  function set({ slots, busy, stuck, draining, types, partitions, jobs: held = [] }) {
    setAttribute(meter, 'max', Math.max(1, slots));
    meter.value = busy;
    setText(busyText, t.siloTable.of(count(busy), count(slots)));
    stuckText.hidden = stuck === 0;
    setText(stuckText, t.siloTable.stuck(stuck));
    drainingText.hidden = !draining;
    setText(partitionsText, count(partitions));
    setText(typesText, types.join(', '));
    showJobs(held, busy);
  }

  function showJobs(held, busy) {
    const now = JSON.stringify([held.map(({ id, stuck }) => [id, stuck]), busy > held.length]);
    if (now !== shown) {
      shown = now;
      const focused = jobs.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
      times = held.map(() => h('span', { class: 'dim' }));
      fill(jobs, held.length === 0 ? h('span', { class: 'dim' }, t.siloTable.nothing) : h('ul', { class: 'silo-jobs' }, held.map((job, index) => h('li', { class: job.stuck ? 'warn' : null }, h('a', { href: toJob(job.id) }, job.type, ' ', shortId(job.id)), ' ', times[index])), busy > held.length && h('li', { class: 'dim' }, t.siloTable.andOthers)));
      if (focused) [...jobs.querySelectorAll('a')].find((each) => each.getAttribute('href') === focused)?.focus({ preventScroll: true });
    }
    held.forEach(({ runningSeconds, stuck, stalledSeconds }, index) => setText(times[index], t.siloTable.runs(duration(Math.floor(runningSeconds) * 1000 || runningSeconds * 1000), stuck, stalledSeconds && duration(stalledSeconds * 1000))));
  }
  return { element, set };
}
