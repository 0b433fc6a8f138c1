// How fast a job goes and how long it takes still, by what was seen of it. What cannot be known is not said.

const windowMs = 60_000;
const mostReadings = 120;
const leastSpanMs = 3000;
const leastStallMs = 30_000;
const longestMs = 30 * 24 * 3_600_000;

/**
 * @param {{at: number, current: number}[]} readings Each at another place than the one before, oldest first; `at` in milliseconds.
 * @returns {{rate: number|null, left: number|null, stalled: number|null}} Steps a second; milliseconds to go; milliseconds without anything new, where that is unusual.
 */
export function paceOf(readings, total, now) {
  const none = { rate: null, left: null, stalled: null };
  if (readings.length === 0) return none;
  const last = readings.at(-1);
  const silence = now - last.at;
  const usual = readings.length > 1 ? (last.at - readings[0].at) / (readings.length - 1) : 0;
  if (silence > Math.max(leastStallMs, 10 * usual)) return { ...none, stalled: silence };
  const seen = readings.filter(({ at }) => at >= now - windowMs);
  if (seen.length < 3 || now - seen[0].at < leastSpanMs) return none;
  const rate = speed(seen[0], { at: now, current: last.current });
  if (rate <= 0) return none;
  // Where the first half says something else than the second, nobody knows what the rest will be like.
  const middle = seen[Math.floor(seen.length / 2)];
  const [before, after] = [speed(seen[0], middle), speed(middle, { at: now, current: last.current })];
  const left = ((total - last.current) / rate) * 1000;
  const isSteady = before > 0 && after > 0 && Math.max(before, after) <= 3 * Math.min(before, after);
  return { rate, left: total > 1 && left >= 0 && left <= longestMs && isSteady ? left : null, stalled: null };
}

const speed = (from, to) => (to.at > from.at ? ((to.current - from.current) * 1000) / (to.at - from.at) : 0);

/** Remembers what is seen of one job. */
export function paceMemory() {
  let readings = [];
  let of;

  /** @param {number} at Milliseconds of a clock that does not go back. */
  function add(job, at) {
    // Another attempt begins anew, and so does a job that says something else of how much there is.
    const same = JSON.stringify([job.state, job.phase, job.attempt, job.total]);
    const last = readings.at(-1);
    if (same !== of || (last && job.current < last.current)) readings = [];
    of = same;
    if (readings.at(-1)?.current === job.current) return;
    readings.push({ at, current: job.current });
    if (readings.length > mostReadings) readings.shift();
  }
  return { add, say: (total, now) => paceOf(readings, total, now) };
}
