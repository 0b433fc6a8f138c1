// How the grid is doing.
import { to } from '../address.js';
import { announce } from '../announcer.js';
import { getQueues, getStats } from '../api/grid.js';
import { fill, h, setText } from '../dom.js';
import { compactCount, count, duration, rate } from '../format.js';
import { seesAll } from '../live/caller.js';
import { errorBox, loading } from '../parts/notes.js';
import { countsTable } from '../parts/countsTable.js';
import { queueTable } from '../parts/queueTable.js';
import { siloTable } from '../parts/siloTable.js';
import { sparkline } from '../parts/sparkline.js';
import { storeLine } from '../parts/storeLine.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const refreshMs = 2000;

export const title = () => t.overview.overview;

export function mount(root, { signal }) {
  if (!seesAll()) return mountOwn(root, signal);
  const tiles = {
    finished: tile(t.overview.finishedPerS, { line: true }),
    submitted: tile(t.overview.submittedPerS, { line: true }),
    backlog: tile(t.overview.backlog, { line: true, href: to(['jobs'], { state: 'PENDING' }) }),
    running: tile(t.words.running, { href: to(['jobs'], { state: 'PROGRESS' }) }),
    oldest: tile(t.overview.oldestWaiting),
    failed: tile(t.words.failed, { href: to(['failures']) }),
  };
  const warnings = h('div');
  const silos = siloTable();
  const counts = countsTable();
  const content = h('div', { hidden: true }, h('ul', { class: 'tiles' }, Object.values(tiles).map(({ element }) => element)), silos.element, counts.element, storeLine(signal));
  const trouble = h('div', null, loading());
  fill(root, h('h1', null, t.overview.overview), trouble, warnings, content);
  let warned = '';

  const refresh = every(refreshMs, load, signal);

  async function load() {
    try {
      const stats = await getStats(signal);
      fill(trouble);
      show(stats);
    } catch (error) {
      if (!signal.aborted) fill(trouble, errorBox(error, { retry: () => refresh() }));
    }
  }

  function show(stats) {
    content.hidden = false;
    tiles.finished.set(rate(stats.finishedPerSecond), stats.finishedPerSecond);
    tiles.submitted.set(rate(stats.submittedPerSecond), stats.submittedPerSecond);
    tiles.backlog.set(compactCount(stats.backlog), stats.backlog);
    tiles.running.set(t.overview.of(count(stats.running), count(stats.slots)));
    tiles.oldest.set(stats.oldestWaitingSeconds > 0 ? duration(stats.oldestWaitingSeconds * 1000) : '–');
    tiles.failed.set(compactCount(stats.counts.filter(({ state }) => state === 'FAILURE').reduce((sum, { jobs }) => sum + jobs, 0)));
    silos.set(stats.silos);
    counts.set(stats.counts);
    showWarnings(stats);
  }

  // Only changes are read out.
  function showWarnings({ stuckSlots, orphans, letters, letterAgeSeconds, silos: all }) {
    const texts = [
      all.length === 0 && t.overview.noSiloIsRunningJobs,
      stuckSlots > 0 && t.overview.aHandlerRanPastIts(stuckSlots),
      orphans > 0 && t.overview.thatNothingWouldWakeThis(orphans),
      letterAgeSeconds > 60 && t.overview.betweenPartitionsTheOldestOver(letters),
    ].filter(Boolean);
    if (texts.join(' ') === warned) return;
    warned = texts.join(' ');
    announce(warned);
    fill(warnings, texts.map((text) => h('p', { class: 'note warn' }, text)));
  }
  return undefined;
}

/** For those who see some queues: the figures of the grid are of all. */
function mountOwn(root, signal) {
  const queues = queueTable();
  const trouble = h('div', null, loading());
  queues.element.hidden = true;
  fill(root, h('h1', null, t.overview.overview), trouble, queues.element);
  const refresh = every(
    refreshMs,
    async () => {
      try {
        queues.set(await getQueues(signal));
        queues.element.hidden = false;
        fill(trouble);
      } catch (error) {
        if (!signal.aborted) fill(trouble, errorBox(error, { retry: () => refresh() }));
      }
    },
    signal,
  );
}

function tile(label, { line = false, href } = {}) {
  const figure = h('span', { class: 'tile-figure' }, '–');
  const chart = line && sparkline();
  const element = h('li', { class: 'tile' }, h('span', { class: 'tile-label' }, href ? h('a', { href }, label) : label), figure, chart && chart.element);
  const set = (text, value) => {
    setText(figure, text);
    if (chart) chart.add(value);
  };
  return { element, set };
}
