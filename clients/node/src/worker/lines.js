// Lines that handlers log, from where they are said to the calls that bring them to the grid.
import { clip } from './reports.js';

/** Of one attempt that wait to be told, the newest; the grid keeps no more of a job unless it is configured to. */
const MAX_LINES = 200;
const MAX_TEXT = 2000;
const MAX_TYPE = 200;
const LEVELS = ['trace', 'debug', 'information', 'warning', 'error', 'critical'];
const WORDS = { info: 'information', warn: 'warning', fatal: 'critical' };

export function lineOf(number, text, { level = 'information', error } = {}) {
  const word = WORDS[level] ?? level;
  if (!LEVELS.includes(word)) throw new RangeError(`a level is one of ${LEVELS.join(', ')}; it is ${JSON.stringify(level)}`);
  const line = { number, text: clip(String(text), MAX_TEXT), level: word, at: new Date().toISOString() };
  if (error !== undefined && error !== null) line.error = { ...(typeof error.name === 'string' ? { type: clip(error.name, MAX_TYPE) } : {}), message: clip(textOf(error), MAX_TEXT) };
  return line;
}

/** What the grid has not acknowledged, by attempt. Lines may be told twice: the grid counts each number once. */
export class Lines {
  #of = new Map();
  #told = new Map();
  #areTaken = true;

  get hasNews() {
    return [...this.#of].some(([key, lines]) => lines.at(-1).number > (this.#told.get(key) ?? 0));
  }

  add(key, line) {
    if (this.#areTaken) this.#of.set(key, [...(this.#of.get(key) ?? []), line].slice(-MAX_LINES));
  }

  /** What the next call tells of attempts that go on, about so many letters of it, and through which line of each. */
  pick(without, most) {
    const said = [];
    const through = new Map();
    let size = 0;
    for (const [key, lines] of this.#of) {
      const last = lines.at(-1).number;
      if (without.has(key) || last <= (this.#told.get(key) ?? 0)) continue;
      for (const { text } of lines) size += text.length + 100;
      if (said.length > 0 && size > most) break;
      said.push([key, written(lines)]);
      through.set(key, last);
      this.#told.set(key, last);
    }

    return { said, through };
  }

  /** What goes with the end of an attempt; undefined: nothing. */
  ofReport(key) {
    const lines = this.#of.get(key);
    return lines && written(lines);
  }

  heard(through) {
    for (const [key, last] of through) {
      const left = (this.#of.get(key) ?? []).filter(({ number }) => number > last);
      if (left.length > 0) this.#of.set(key, left);
      else this.#of.delete(key);
    }
  }

  unheard(through) {
    for (const key of through.keys()) this.#told.delete(key);
  }

  delete(key) {
    this.#of.delete(key);
    this.#told.delete(key);
  }

  /** The grid knows no lines: it is older than this. */
  refuse() {
    this.#areTaken = false;
    this.#of.clear();
    this.#told.clear();
  }
}

const written = lines => ({ from: lines[0].number, lines: lines.map(({ number, ...line }) => line) });

function textOf(error) {
  try {
    return String(error?.message ?? error);
  } catch {
    return 'an error whose text cannot be had';
  }
}
