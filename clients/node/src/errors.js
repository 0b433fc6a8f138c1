// What can go wrong, by name. Everything that the grid says is a Problem with the code of its documentation.
const URN = 'urn:orleansjobs:problem:';

/** All that this package throws of its own. */
export class GridError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The gateway did not answer, however often it was asked. What was asked for may or may not have happened. */
export class Unreachable extends GridError {}

/** The job had not ended when the time to wait was over; `job` says where it stood. */
export class NotEnded extends GridError {
  constructor(message, job) {
    super(message);
    this.job = job;
  }
}

/** The job ended in FAILURE; `code` and `type` say how, `job` has the rest. */
export class JobFailed extends GridError {
  constructor(job) {
    super(job.error?.message || 'The job failed.');
    this.job = job;
    this.code = job.error?.code ?? 'error';
    this.type = job.error?.type;
  }
}

/** The job was cancelled before it had a result. */
export class JobCancelled extends GridError {
  constructor(job) {
    super(job.status || 'The job was cancelled.');
    this.job = job;
  }
}

/** The gateway refused. `code` is the name under "Problems" in docs/HTTP.md; it never changes. */
export class Problem extends GridError {
  constructor(status, document, retryAfter) {
    const known = document !== null && typeof document === 'object' ? document : {};
    const code = typeof known.type === 'string' && known.type.startsWith(URN) ? known.type.slice(URN.length) : status < 500 ? 'bad-request' : 'unavailable';
    const mistakes = Array.isArray(known.errors) ? known.errors : [];
    const said = known.detail || mistakes.map(one => `${one.pointer ?? one.parameter ?? ''}: ${one.detail}`).join('; ') || known.title || `The answer was ${status}.`;
    super(`${code}: ${said}`);
    this.code = code;
    this.status = status;
    this.detail = known.detail ?? '';
    this.mistakes = mistakes;
    this.retryAfter = retryAfter;
    /** Where the job's error says more than the problem: its code. */
    this.jobCode = known.code;
  }

  /** Where the first mistake is: a JSON pointer into what was sent. */
  get pointer() {
    return this.mistakes.find(one => one.pointer !== undefined)?.pointer;
  }

  /** Whether the same request may be answered otherwise a little later. */
  get isPassing() {
    return isPassing(this.status);
  }
}

export const isPassing = status => status === 408 || status === 429 || status >= 500;
