// Lines that handlers log, from where they are said to the calls that bring them to the grid.
import { clip } from './reports.js';

/** Of one attempt that wait to be told, the newest; the grid keeps no more of a job unless it is configured to. */
const MAX_LINES = 200;
const MAX_TEXT = 2000;
const MAX_TYPE = 200;
/** Of the lines that go with the end of an attempt; the grid keeps 64 KiB of a job unless it is configured to keep more. */
const MAX_REPORT_BYTES = 1 << 18;
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
  #sizes = new WeakMap();
  #areTaken = true;

  get hasNews() {
    return [...this.#of].some(([key, lines]) => lines.at(-1).number > (this.#told.get(key) ?? 0));
  }

  add(key, line) {
    if (this.#areTaken) this.#of.set(key, [...(this.#of.get(key) ?? []), line].slice(-MAX_LINES));
  }

  /** What the next call tells of attempts that go on, so many bytes of it, and through which line of each. What is left comes with the call after it. */
  pick(without, most) {
    const said = [];
    const through = new Map();
    let size = 0;
    for (const [key, lines] of this.#of) {
      if (without.has(key) || lines.at(-1).number <= (this.#told.get(key) ?? 0)) continue;
      const part = [];
      size += 100;
      for (const line of lines) {
        size += this.#sizeOf(line);
        if (size > most && said.length + part.length > 0) break;
        part.push(line);
      }

      if (part.length > 0) {
        said.push([key, written(part)]);
        through.set(key, part.at(-1).number);
        this.#told.set(key, part.at(-1).number);
      }

      if (size > most) break;
    }

    return { said, through };
  }

  /** What goes with the end of an attempt: the newest, as far as there is room; undefined: nothing. */
  ofReport(key) {
    const lines = this.#of.get(key);
    if (lines === undefined) return undefined;
    let size = 0;
    let from = lines.length - 1;
    for (; from >= 0; from--) if ((size += this.#sizeOf(lines[from])) > MAX_REPORT_BYTES && from + 1 < lines.length) break;
    return written(lines.slice(from + 1));
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

  /** What a line takes of a call, measured once. */
  #sizeOf(line) {
    let size = this.#sizes.get(line);
    if (size === undefined) this.#sizes.set(line, size = Buffer.byteLength(JSON.stringify(said(line))) + 1);
    return size;
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

const said = ({ number, ...line }) => line;
const written = lines => ({ from: lines[0].number, lines: lines.map(said) });

function textOf(error) {
  try {
    return String(error?.message ?? error);
  } catch {
    return 'an error whose text cannot be had';
  }
}
