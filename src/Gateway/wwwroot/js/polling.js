// Repeats a question while somebody looks: never two at once, not while the page is hidden, and at once when it is seen again.

/**
 * Asks now, and again `ms` after each answer, until `signal` ends it.
 * @param {number} ms
 * @param {() => Promise<void>} ask Handles its own errors.
 * @param {AbortSignal} signal
 * @returns {() => void} Asks at once.
 */
export function every(ms, ask, signal) {
  let timer;
  let asking = false;
  let again = false;

  async function turn() {
    clearTimeout(timer);
    if (signal.aborted) return;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      do {
        again = false;
        await ask();
      } while (again && !signal.aborted);
    } finally {
      asking = false;
      if (!signal.aborted && !document.hidden) timer = setTimeout(turn, ms);
    }
  }

  document.addEventListener('visibilitychange', () => !document.hidden && turn(), { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  turn();
  return turn;
}
