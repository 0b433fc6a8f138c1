// Jobs, newest first, by filters that are in the address.
import { go, to } from '../address.js';
import { listJobs } from '../api/jobs.js';
import { fill, h, refill, setText } from '../dom.js';
import { count as number, fullTime } from '../format.js';
import { may } from '../live/caller.js';
import { firstQueue } from '../live/ownJobs.js';
import { actOnMany } from '../parts/actOnMany.js';
import { filterBar, filterNames } from '../parts/filterBar.js';
import { jobTable } from '../parts/jobTable.js';
import { empty, errorBox, loading } from '../parts/notes.js';
import { searchList } from '../parts/searchList.js';
import { every } from '../polling.js';
import { t } from '../texts.js';

const pageSize = 50;
const refreshMs = 5000;
/** Pages of the gateway that one search asks for by itself, where each ends because of the work that it may cost. */
const searchPages = 40;

export const title = () => t.words.allJobs;

export function mount(root, { query, signal }) {
  let current = read(query);
  let asked = new AbortController();
  const many = may('operate') ? actOnMany(signal) : undefined;
  const searches = searchList();
  const table = jobTable(signal, { onPick: many?.setPicked });
  const content = h('div', null, loading());
  const filters = filterBar(current, (filter) => go(to(['jobs'], filter)), signal);
  const pages = h('nav', { class: 'pages', 'aria-label': t.words.pages });
  const count = h('p', { class: 'dim count' });
  const progress = h('p', { class: 'dim', role: 'status' });
  // A search that goes through many pages holds still once it is done.
  let isSearch = false;
  fill(root, h('div', { class: 'section-head' }, h('h1', null, t.words.allJobs), count), filters.element, searches.element, many?.element, progress, content, pages);
  showFilter();

  function showFilter() {
    many?.setFilter(filterOf(current));
    searches.setFilter(filterOf(current));
  }

  async function load() {
    const filter = current;
    asked = new AbortController();
    try {
      const page = await search(filter, AbortSignal.any([signal, asked.signal]));
      if (signal.aborted || filter !== current) return;
      table.set(page.jobs);
      fill(content, page.jobs.length ? table.element : nothing(filter, page));
      fill(count, page.jobs.length > 0 && t.jobs.onThisPage(page.jobs.length));
      showPages(filter, page);
    } catch (error) {
      isSearch = false;
      if (!signal.aborted && filter === current) fill(content, errorBox(error, { retry: refresh }));
    }
  }

  /** Reads on where the gateway's bound for one page has ended it, and shows how far it is and what it has found. */
  async function search(filter, either) {
    let page = await listJobs({ ...filter, limit: pageSize }, either);
    let looked = page.search?.lookedAt ?? 0;
    isSearch = Boolean(page.search);
    if (!isSearch) fill(progress);
    for (let pages = 1; page.search && pages < searchPages && page.jobs.length < pageSize; pages++) {
      setText(progress, t.jobs.searchingJobsLookedAtDown(number(looked), fullTime(new Date(page.search.reached)), number(page.jobs.length)));
      if (page.jobs.length > 0 && filter === current) {
        table.set(page.jobs);
        if (!table.element.isConnected) fill(content, table.element);
      }
      const next = await listJobs({ ...filter, limit: pageSize - page.jobs.length, cursor: page.cursor }, either);
      looked += next.search?.lookedAt ?? 0;
      page = { ...next, jobs: [...page.jobs, ...next.jobs] };
    }
    if (isSearch) setText(progress, page.search ? t.jobs.jobsLookedAtDownTo(number(looked), fullTime(new Date(page.search.reached))) : page.cursor ? '' : t.jobs.allJobsHaveBeenLooked);
    return page;
  }

  function showPages(filter, page) {
    refill(
      pages,
      filter.cursor && h('a', { class: 'button', href: to(['jobs'], { ...filter, cursor: '' }) }, t.jobs.newest),
      page.cursor && h('a', { class: 'button', rel: 'next', href: to(['jobs'], { ...filter, cursor: page.cursor }) }, page.search ? t.jobs.searchOn : t.jobs.older),
    );
  }

  // An older page holds still; the newest one is asked for again and again.
  const refresh = every(refreshMs, () => (isSearch || (current.cursor && table.element.isConnected) ? Promise.resolve() : load()), signal);

  return (next) => {
    const before = current;
    current = read(next);
    asked.abort();
    filters.show(current);
    showFilter();
    isSearch = false;
    fill(progress);
    fill(content, loading());
    if (before.cursor !== current.cursor) scrollTo(0, 0);
    refresh();
  };
}

const filterOf = ({ cursor, ...filter }) => filter;
const read = (query) => Object.fromEntries([...filterNames, 'cursor'].map((name) => [name, query.get(name) ?? (name === 'queue' ? firstQueue() : '')]));

function nothing(filter, page) {
  // The work of the gateway per page is bounded: it may have found nothing so far.
  if (page.cursor) return empty(t.jobs.noneAmongTheNewestOf, t.jobs.olderOnesMayMatch);
  return filterNames.some((name) => filter[name]) ? empty(t.jobs.noJobMatches, h('a', { href: '#/jobs' }, t.jobs.showAllJobs)) : empty(t.words.noJobsYet, h('a', { href: '#/' }, t.jobs.startOne));
}
