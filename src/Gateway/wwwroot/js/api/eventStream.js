// Server-Sent Events over fetch. EventSource cannot send the Authorization header, and a key does not belong in an address.
import { request } from './http.js';
import { Problem, unreachable } from './problem.js';
import { t } from '../texts.js';

// The gateway sends a heartbeat every 15 s; a connection that says nothing for longer than two of them is dead.
const silence = 40_000;

/**
 * Reads events until the server ends the stream.
 * @param {string} path
 * @param {{onOpen: () => void, onEvent: (event: string, data: string) => void, signal: AbortSignal}} options
 * @throws {Problem} Where the stream cannot be had or breaks.
 */
export async function readEvents(path, { onOpen, onEvent, signal }) {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  let guard = setTimeout(end, silence);
  try {
    const response = await request(path, { headers: { Accept: 'text/event-stream' }, signal: ending.signal });
    if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) throw new Problem({ status: 406, title: t.eventStream.noEventStream });
    onOpen();
    const parse = eventParser(onEvent);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      clearTimeout(guard);
      guard = setTimeout(end, silence);
      parse(chunk.value);
    }
  } catch (error) {
    throw error instanceof Problem ? error : unreachable();
  } finally {
    clearTimeout(guard);
    signal.removeEventListener('abort', end);
  }
}

/** Takes text in pieces of any size and gives out whole events. */
export function eventParser(onEvent) {
  let rest = '';
  let event = 'message';
  let data = [];
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (data.length) onEvent(event, data.join('\n'));
        event = 'message';
        data = [];
        continue;
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
    }
  };
}
