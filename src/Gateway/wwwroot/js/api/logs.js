// What a job has logged, as it comes.
import { readEvents } from './eventStream.js';

/**
 * Reads lines behind `after` until the job has ended or the stream breaks.
 * @param {(line: object) => void} onLine
 * @returns {Promise<boolean>} Whether the job has ended, and these were its last lines.
 */
export async function readLog(id, after, onLine, { onOpen = () => {}, signal }) {
  let isOver = false;
  await readEvents(`jobs/${encodeURIComponent(id)}/logs?after=${after}`, {
    onOpen,
    onEvent: (event, data) => {
      if (event === 'end') isOver = true;
      else if (event === 'message') onLine(JSON.parse(data));
    },
    signal,
  });
  return isOver;
}
