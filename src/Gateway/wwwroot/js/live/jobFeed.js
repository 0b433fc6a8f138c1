// Keeps every view that shows a job up to date, over one stream for all of them.
import { eventsOf, getJob } from '../api/jobs.js';
import { readEvents } from '../api/eventStream.js';
import { onKeyChange } from '../api/key.js';
import { isFinished } from './jobStates.js';
import { reconnectDelay } from './reconnect.js';
import { watchTokenOf } from './startedHere.js';

// As many ids as fit into a request line of 8 KB. Jobs beyond it are asked for one by one.
const streamed = 100;
const pollMs = 2000;

/** id → the newest status and who wants to hear of it. */
const watched = new Map();
const connection = new EventTarget();
let connectionState = 'idle';
let stream;
let failures = 0;
// The key may not read: only what was started here can be watched, each job by its token.
let byToken = false;
let reconnectTimer;
let pollTimer;

/**
 * Calls `listener` with the status known now, if any, and with each newer one, until `signal` ends it. A job that the gateway does
 * not know (any more) is told as null.
 */
export function watchJob(id, listener, signal) {
  const entry = watched.get(id) ?? { status: undefined, listeners: new Set() };
  watched.set(id, entry);
  entry.listeners.add(listener);
  signal.addEventListener('abort', () => {
    entry.listeners.delete(listener);
    if (entry.listeners.size === 0 && watched.get(id) === entry) watched.delete(id);
    schedule();
  });
  if (entry.status) listener(entry.status);
  schedule();
}

/** Takes in a status from wherever it came; an older one than what is known is left out, since answers can overtake each other. */
export function offer(status) {
  const entry = watched.get(status.id);
  if (!entry || (entry.status && entry.status.version >= status.version)) return;
  const wasFinished = entry.status && isFinished(entry.status);
  entry.status = status;
  for (const listener of [...entry.listeners]) listener(status);
  // A job that was retried after its end has to be listened to again.
  if (wasFinished && !isFinished(status)) schedule();
}

/** `idle` (nothing to hear), `live`, `polling` (no stream, asking instead) or `lost`. Told now and at each change. */
export function watchConnection(listener) {
  connection.addEventListener('change', () => listener(connectionState));
  listener(connectionState);
}

const unfinished = () => [...watched].filter(([id, { status }]) => (!status || !isFinished(status)) && (!byToken || watchTokenOf(id))).map(([id]) => id);

let scheduled = false;

// Views come and go with many jobs at once: the stream is opened anew once for all of them.
function schedule() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    const ids = unfinished();
    poll();
    if (ids.length === 0) {
      stream?.close.abort();
      stream = undefined;
      tell('idle');
    } else if (!stream ? !reconnectTimer : !ids.slice(0, streamed).every((id) => stream.ids.has(id))) open(ids.slice(0, streamed));
  });
}

async function open(ids) {
  clearTimeout(reconnectTimer);
  reconnectTimer = undefined;
  stream?.close.abort();
  const mine = (stream = { ids: new Set(ids), close: new AbortController(), isOpen: false });
  let wait = 0;
  try {
    await readEvents(eventsOf(ids, byToken ? ids.map(watchTokenOf) : undefined), {
      signal: mine.close.signal,
      onOpen: () => {
        mine.isOpen = true;
        failures = 0;
        tell('live');
      },
      onEvent: (event, data) => event !== 'ping' && offer(JSON.parse(data)),
    });
  } catch (error) {
    if (stream !== mine) return;
    if (isRefused(error)) byToken = true;
    failures++;
    wait = 1000 * (error.retryAfter ?? 0);
    tell(error.status ? 'polling' : 'lost');
  }
  if (stream !== mine) return;
  stream = undefined;
  // Where the stream ended well, all its jobs have ended too, but for those that do not exist: asking tells.
  if (failures === 0) await Promise.all(unfinished().filter((id) => mine.ids.has(id)).map(ask));
  if (stream) return;
  poll();
  reconnectTimer = setTimeout(() => {
    reconnectTimer = undefined;
    schedule();
  }, Math.max(wait, reconnectDelay(failures)));
}

const isRefused = ({ status }) => status === 401 || status === 403;
// A stream says nothing of a job that does not exist.
const isTold = (id) => stream?.isOpen && stream.ids.has(id) && watched.get(id)?.status;
const untold = () => unfinished().filter((id) => !isTold(id));

// Asks for what no stream tells.
function poll() {
  if (pollTimer || untold().length === 0) return;
  pollTimer = setTimeout(async () => {
    for (const id of document.hidden ? [] : untold()) await ask(id);
    pollTimer = undefined;
    poll();
  }, pollMs);
}

async function ask(id) {
  try {
    offer(await getJob(id, undefined, byToken ? watchTokenOf(id) : undefined));
    if (connectionState === 'lost') tell('polling');
  } catch (error) {
    if (error.status === 404) gone(id);
    else if (isRefused(error)) byToken = true;
    else if (!error.status) tell('lost');
  }
}

function gone(id) {
  const entry = watched.get(id);
  watched.delete(id);
  for (const listener of [...(entry?.listeners ?? [])]) listener(null);
}

function tell(state) {
  if (state === connectionState) return;
  connectionState = state;
  connection.dispatchEvent(new Event('change'));
}

onKeyChange(() => {
  stream?.close.abort();
  stream = undefined;
  failures = 0;
  byToken = false;
  schedule();
});
