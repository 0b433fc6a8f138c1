export interface JobOptions {
  queue?: string;
  attempts?: number;
  /** Seconds. */
  timeout?: number;
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
  readonly stopReason?: 'cancelled' | 'timeout' | 'lost' | 'returned';
  /** `message` and `data` (any JSON of at most 4 KiB) stay as they were where they are left out. */
  report(current: number, total: number, message?: string | null, data?: any): void;
  /** Durable when it resolves; throws `StaleAttempt` where a newer attempt exists. */
  saveCheckpoint(value: Checkpoint): Promise<void>;
  /** Does something once: what `run` resolves to (any JSON) is kept, and is there for all later attempts. Durable when it resolves. */
  step<Value>(name: string, run: () => Value | Promise<Value>): Promise<Value>;
}

export type Handler<Args = any, Result = any> = (job: RunningJob, args: Args) => Result | Promise<Result>;
export interface Log { warn(message: string): void; error(message: string, error?: unknown): void }

export class Worker {
  constructor(options?: { url?: string; key?: string; name?: string; queues?: string[]; release?: string; log?: Log });
  job<Args = any, Result = any>(type: string, handler: Handler<Args, Result>): this;
  job<Args = any, Result = any>(type: string, options: JobOptions, handler: Handler<Args, Result>): this;
  /** Serves until SIGTERM or SIGINT, or `stop()`. */
  run(options?: { concurrency?: number; drain?: number; signals?: boolean; onReady?: () => void }): Promise<void>;
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

export class StaleAttempt extends Error {}
