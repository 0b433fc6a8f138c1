// Jobs, newest first, by filters that are in the address.
import { go, to } from '../address.js';
import { listJobs } from '../api/jobs.js';
import { fill, h } from '../dom.js';
import { plural } from '../format.js';
import { filterBar, filterNames } from '../parts/filterBar.js';
import { jobTable } from '../parts/jobTable.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { every } from '../polling.js';

const pageSize = 50;
const refreshMs = 5000;

export const title = () => 'Jobs';

export function mount(root, { query, signal }) {
  let current = read(query);
  let asked = new AbortController();
  const table = jobTable(signal);
  const content = h('div', null, loading());
  const filters = filterBar(current, (filter) => go(to(['jobs'], filter)), signal);
  const pages = h('nav', { class: 'pages', 'aria-label': 'Pages' });
  const count = h('p', { class: 'dim count' });
  fill(root, h('div', { class: 'section-head' }, h('h1', null, 'Jobs'), count), filters.element, content, pages);

  async function load() {
    const filter = current;
    asked = new AbortController();
    try {
      const page = await listJobs({ ...filter, limit: pageSize }, AbortSignal.any([signal, asked.signal]));
      if (signal.aborted || filter !== current) return;
      table.set(page.jobs);
      fill(content, page.jobs.length ? table.element : nothing(filter, page));
      fill(count, page.jobs.length > 0 && `${plural(page.jobs.length, 'job')} on this page`);
      showPages(filter, page);
    } catch (error) {
      if (!signal.aborted && filter === current) fill(content, errorBox(error, { retry: refresh }));
    }
  }

  function showPages(filter, page) {
    fill(
      pages,
      filter.cursor && h('a', { class: 'button', href: to(['jobs'], { ...filter, cursor: '' }) }, 'Newest'),
      page.cursor && h('a', { class: 'button', rel: 'next', href: to(['jobs'], { ...filter, cursor: page.cursor }) }, 'Older'),
    );
  }

  // An older page holds still; the newest one is asked for again and again.
  const refresh = every(refreshMs, () => (current.cursor && table.element.isConnected ? Promise.resolve() : load()), signal);

  return (next) => {
    const before = current;
    current = read(next);
    asked.abort();
    filters.show(current);
    fill(content, loading());
    if (before.cursor !== current.cursor) scrollTo(0, 0);
    refresh();
  };
}

const read = (query) => Object.fromEntries([...filterNames, 'cursor'].map((name) => [name, query.get(name) ?? '']));

function nothing(filter, page) {
  // The work of the gateway per page is bounded: it may have found nothing so far.
  if (page.cursor) return empty('None among the newest of these', 'Older ones may match.');
  return filterNames.some((name) => filter[name]) ? empty('No job matches', h('a', { href: '#/jobs' }, 'Show all jobs')) : empty('No jobs yet', h('a', { href: '#/' }, 'Start one'));
}
