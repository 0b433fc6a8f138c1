export interface JobOptions {
  queue?: string;
  attempts?: number;
  /** Seconds. */
  timeout?: number;
  /** Seconds that an attempt may say nothing new before it is to stop (`stopReason` is `stalled`), and counts as failed. */
  stalledAfter?: number;
  /** JSON Schema: what arguments are checked with when they are submitted. */
  schema?: object | boolean;
  resultSchema?: object | boolean;
  description?: string;
}

/** What a handler knows of the job it runs, and how it speaks of it. */
export interface RunningJob<Checkpoint = any> {
  readonly id: string;
  /** The fencing token of this attempt, as a string: it takes up to 63 bits. */
  readonly token: string;
  readonly type: string;
  readonly queue: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly tags: Record<string, string>;
  readonly traceparent?: string;
  readonly timeout?: number;
  readonly submitted?: Date;
  readonly due?: Date;
  readonly checkpoint?: Checkpoint;
  /** Aborts when the job is to stop. */
  readonly signal: AbortSignal;
  readonly stopReason?: 'cancelled' | 'timeout' | 'stalled' | 'lost' | 'returned';
  /** `message` and `data` (any JSON of at most 4 KiB) stay as they were where they are left out. */
  report(current: number, total: number, message?: string | null, data?: any): void;
  /** Keeps a line with the job, the newest of them. */
  log(text: string, options?: { level?: 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical'; error?: unknown }): void;
  /** Durable when it resolves; throws `StaleAttempt` where a newer attempt exists. */
  saveCheckpoint(value: Checkpoint): Promise<void>;
  /** Does something once: what `run` resolves to (any JSON) is kept, and is there for all later attempts. Durable when it resolves. */
  step<Value>(name: string, run: () => Value | Promise<Value>): Promise<Value>;
  /** Starts a child; one whose name was started in an attempt before is found, not made again. */
  start<Result = any>(name: string, type: string, args?: any, options?: ChildOptions): Child<Result>;
  /** What a child came to, for which the job waits without a worker: its handler is run again from the top. Throws `ChildFailed`. */
  resultOf<Result>(child: Child<Result>): Promise<Result>;
  gather<Result>(...children: Child<Result>[]): Promise<Result[]>;
  /** Waits without a worker. */
  sleep(name: string, seconds: number): Promise<void>;
  /** The next signal of that name, for which the job waits without a worker; `otherwise` where none has come in time. `timeout` is in seconds. */
  receive<Value = any>(name: string, options?: { timeout?: number; otherwise?: Value }): Promise<Value>;
}

export interface Child<Result = any> { readonly name: string; readonly result?: Result }

export interface ChildOptions {
  queue?: string;
  priority?: number;
  attempts?: number;
  /** Seconds. */
  timeout?: number;
  /** Seconds. */
  countdown?: number;
  /** Seconds. */
  retention?: number;
  tags?: Record<string, string>;
  key?: string;
  /** How many turns its key has for one of others. */
  keyWeight?: number;
  /** Its part in the job's progress. Default 1. */
  weight?: number;
}

export type Handler<Args = any, Result = any> = (job: RunningJob, args: Args) => Result | Promise<Result>;
export interface Log { warn(message: string): void; error(message: string, error?: unknown): void }

export class Worker {
  constructor(options?: { url?: string; key?: string; name?: string; queues?: string[]; release?: string; log?: Log });
  job<Args = any, Result = any>(type: string, handler: Handler<Args, Result>): this;
  job<Args = any, Result = any>(type: string, options: JobOptions, handler: Handler<Args, Result>): this;
  /** Serves until SIGTERM or SIGINT, or `stop()`. */
  run(options?: { concurrency?: number; sessions?: number; drain?: number; signals?: boolean; onReady?: () => void }): Promise<void>;
  stop(): void;
}

export class RetryLater extends Error {
  /** @param delay seconds */
  constructor(delay: number, message?: string);
  readonly delay: number;
}

export class GiveUp extends Error {
  constructor(message?: string, options?: ErrorOptions);
}

/** A child that was waited for did not succeed. */
export class ChildFailed extends Error {
  readonly child: string;
  readonly id: string;
  readonly state: string;
  readonly error?: { code: string; message: string; type?: string };
}

export class StaleAttempt extends Error {}
