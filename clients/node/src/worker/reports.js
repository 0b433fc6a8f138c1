// What a handler throws to say how its job goes on, and how its end becomes a report.
import { traceOf } from './traces.js';

const MAX_MESSAGE = 4000;
const MAX_TYPE = 200;
const MAX_RESULT_DEPTH = 25;

/** Run this job again after so many seconds. Uses up no attempt. */
export class RetryLater extends Error {
  constructor(delay, message) {
    super(message ?? `again in ${delay} s`);
    this.name = 'RetryLater';
    if (!(delay >= 0)) throw new RangeError('a job cannot be run again in the past');
    this.delay = delay;
  }
}

/** This job will never succeed: it fails now, whatever attempts are left. */
export class GiveUp extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'GiveUp';
  }
}

/** A child that was waited for did not succeed. */
export class ChildFailed extends Error {
  constructor({ name, id, state, error }) {
    super(`Child '${name}' (${id}) ended as ${state}${error ? `: ${error.message}` : '.'}`);
    this.name = 'ChildFailed';
    [this.child, this.id, this.state, this.error] = [name, id, state, error];
  }
}

/** A newer attempt of this job exists, or it was given to somebody else: stop, and touch nothing more. */
export class StaleAttempt extends Error {
  constructor(message) {
    super(message);
    this.name = 'StaleAttempt';
  }
}

// Half of a surrogate pair is no text that JSON in UTF-8 could carry.
export const clip = (text, most) => {
  const whole = text.isWellFormed?.() === false ? text.toWellFormed() : text;
  return whole.length <= most ? whole : clip(`${whole.slice(0, most - 1)}…`, most);
};

export function failure(message, { type, code, trace, isFinal = false } = {}) {
  const error = { message: clip(message || 'It failed.', MAX_MESSAGE), ...(type ? { type: clip(type, MAX_TYPE) } : {}), ...(code ? { code } : {}), ...(trace ? { trace: clip(trace, MAX_MESSAGE) } : {}) };
  return { outcome: 'failure', error, ...(isFinal ? { final: true } : {}) };
}

/** @param {string | undefined} stopped why the attempt was asked to stop, if it was */
export function reportOfError(error, stopped) {
  if (stopped === 'timeout') return failure('The attempt ran longer than its timeout.', { code: 'timeout' });
  if (stopped === 'returned') return { outcome: 'returned' };
  if (stopped !== undefined) return { outcome: 'cancelled' };
  if (error instanceof RetryLater) return { outcome: 'later', delay: error.delay };
  const type = typeof error?.name === 'string' ? error.name : undefined;
  return failure(textOf(error), { type, trace: traceOf(error), isFinal: error instanceof GiveUp || error instanceof ChildFailed });
}

/** A result that is no JSON fails the job: running it again would not make it one. */
export function reportOfResult(result) {
  try {
    const text = JSON.stringify(result === undefined ? null : result);
    if (text === undefined) throw new TypeError(`it is a ${typeof result}`);
    if (depthOf(text) > MAX_RESULT_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_RESULT_DEPTH} levels`);
    return { outcome: 'success', result: JSON.parse(text) };
  } catch (error) {
    return failure(`The result is no JSON: ${error.message}`, { type: error.name, isFinal: true });
  }
}

function textOf(error) {
  try {
    return String(error?.message ?? error) || error.name;
  } catch {
    return 'an error whose text cannot be had';
  }
}

function depthOf(text) {
  let [depth, deepest, quoted] = [0, 0, false];
  for (let index = 0; index < text.length; index++) {
    const letter = text[index];
    if (quoted) {
      if (letter === '\\') index++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '[' || letter === '{') deepest = Math.max(deepest, ++depth);
    else if (letter === ']' || letter === '}') depth--;
  }

  return deepest;
}
