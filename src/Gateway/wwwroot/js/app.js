// Puts the view that the address names into the page, and the frame around it.
import { read } from './address.js';
import { announce } from './announcer.js';
import { h, fill, setAttribute, setText } from './dom.js';
import { onSomebodyElse } from './api/caller.js';
import { askCaller, may } from './live/caller.js';
import { showCaller } from './parts/callerBox.js';
import { showConnection } from './parts/connection.js';
import { initKeyButton } from './parts/keyDialog.js';
import { errorBox } from './parts/notes.js';
import { keepTimesFresh } from './parts/time.js';
import { t } from './texts.js';

// Views are fetched when they are first gone to.
const routes = {
  '': () => import('./views/start.js'),
  jobs: (segments) => (segments.length > 1 ? import('./views/job.js') : import('./views/jobs.js')),
  failures: () => import('./views/failures.js'),
  schedules: (segments) => scheduleView(segments.slice(1)),
  'new-schedule': () => import('./views/scheduleEdit.js'),
  coming: () => import('./views/coming.js'),
  queues: () => import('./views/queues.js'),
  keys: (segments) => (segments.length > 1 ? import('./views/key.js') : import('./views/keys.js')),
  overview: () => import('./views/overview.js'),
  history: () => import('./views/history.js'),
};

function scheduleView([id, what]) {
  if (id === undefined) return import('./views/schedules.js');
  return what === 'edit' ? import('./views/scheduleEdit.js') : import('./views/schedule.js');
}

const main = document.getElementById('main');
let lifetime = new AbortController();
let shown;

async function show({ moveFocus }) {
  const { segments, query } = read();
  // Whoever may start nothing looks first at how all is going.
  const route = segments[0] ?? (may('submit') ? '' : 'overview');
  // A view that stays may take in new parameters itself and keep what the user is looking at.
  const place = segments.join('/');
  if (shown?.place === place && shown.onQuery) return shown.onQuery(query);

  lifetime.abort();
  lifetime = new AbortController();
  const { signal } = lifetime;
  shown = undefined;
  for (const link of document.querySelectorAll('nav a')) setAttribute(link, 'aria-current', link.dataset.route === route ? 'page' : null);

  try {
    const view = await (routes[route] ?? (() => import('./views/notFound.js')))(segments);
    if (signal.aborted) return;
    const root = h('div', { class: 'view' });
    const onQuery = view.mount(root, { segments, query, signal });
    shown = { place, onQuery };
    fill(main, root);
    document.title = `${view.title(segments)} · OrleansJobs`;
  } catch (error) {
    if (!signal.aborted) fill(main, errorBox(error, { retry: () => show({ moveFocus: false }) }));
  }
  if (moveFocus && !signal.aborted) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
    announce(document.title);
  }
}

// The skip link is an address too, but not one of a view.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', () => show({ moveFocus: true }));
// The page itself is in English, until this knows better.
for (const element of document.querySelectorAll('[data-text]')) setText(element, t.frame[element.dataset.text]);
for (const element of document.querySelectorAll('[data-label]')) setAttribute(element, 'aria-label', t.frame[element.dataset.label]);

const byId = (id) => document.getElementById(id);
showCaller({ who: byId('who'), sign: byId('sign'), key: byId('key'), links: document.querySelectorAll('nav a') });
initKeyButton(byId('key'), begin);
onSomebodyElse(askCaller);
showConnection(byId('connection'));
keepTimesFresh();
begin();

/** What is shown depends on who looks. */
async function begin() {
  await askCaller();
  shown = undefined;
  show({ moveFocus: false });
}
