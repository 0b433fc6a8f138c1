export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JobState = 'PENDING' | 'PROGRESS' | 'SUCCESS' | 'FAILURE' | 'REVOKED';
export interface JobError { code: string; message: string; type?: string }
export interface Attempt { number: number; outcome: string; startedAt?: string; endedAt?: string; error?: JobError }
export type Follows = string | { job: string; on?: 'success' | 'end' | 'failure' };

/** Where a job stood when the gateway answered: docs/HTTP.md says what its members mean. */
export interface Job<Result = any> {
  id: string;
  type: string;
  queue: string;
  priority: number;
  state: JobState;
  phase?: string;
  current: number;
  total: number;
  status: string;
  data?: any;
  attempt: number;
  /** The number of the attempt that is the last, should it fail too; 0: not known yet. */
  maxAttempts: number;
  /** Of a running job, where it is ten at least: for how many seconds its handler has said nothing new. */
  stalledFor?: number;
  version: number;
  submittedAt?: string;
  dueAt?: string;
  startedAt?: string;
  finishedAt?: string;
  expiresAt?: string;
  tags?: Record<string, string>;
  attempts?: Attempt[];
  error?: JobError;
  result?: Result;
  watchToken?: string;
  waitingFor?: { what: string; [name: string]: any }[];
  changes?: { what: string; by?: string; at: string; reason?: string }[];
}

/** Whom to call, and of what: docs/WEBHOOKS.md. */
export type Notice = string | { url: string; on?: ('success' | 'failure' | 'end' | 'progress')[] };

export interface SubmitOptions {
  id?: string;
  queue?: string;
  priority?: number;
  /** Seconds. */
  countdown?: number;
  eta?: Date | string;
  /** Seconds, or an instant. */
  expires?: Date | string | number;
  /** Not ended by then, however often it has run, it fails. Seconds, or an instant. */
  deadline?: Date | string | number;
  attempts?: number;
  /** Seconds. */
  timeout?: number;
  /** Seconds. */
  retention?: number;
  tags?: Record<string, string>;
  after?: Follows[];
  onUnmet?: 'fail' | 'cancel';
  /** Called when it ends. */
  notify?: Notice[];
  /** Whose limits, order and turns it goes by, such as `tenant/7`. Not together with `id`. */
  key?: string;
  weight?: number;
  /** It is to be the only one of its value. Not together with `id`. */
  unique?: boolean | { value?: string; until?: 'end' | 'start'; seconds?: number; on?: 'return' | 'reject' | 'replace' | 'debounce'; longest?: number };
}

export interface Submission extends SubmitOptions { type: string; args?: any }
export interface Abortable { signal?: AbortSignal }

export interface ClientOptions {
  /** Default: `ORLEANSJOBS_URL`, or http://localhost:8080; in a page, the page's own server. */
  url?: string;
  /** The API key; default `ORLEANSJOBS_KEY`. Pages have none to give away: see docs/HTTP.md for tokens to watch with. */
  key?: string;
  /** Seconds for which a request is asked again while the gateway is away. Default 60. */
  patience?: number;
  /** Seconds until one answer is given up. Default 30. */
  timeout?: number;
}

export interface FlowJobOptions {
  after?: Follows[];
  each?: any;
  queue?: string;
  priority?: number;
  attempts?: number;
  timeout?: number;
  countdown?: number;
  tags?: Record<string, string>;
  weight?: number;
}

export interface FlowJob extends FlowJobOptions { name: string; type: string; args?: any }

export interface FlowView {
  id: string;
  type: string;
  state: JobState;
  jobs: {
    name?: string; type: string; queue: string; state: JobState | 'SKIPPED'; id?: string; current?: number; total?: number; error?: JobError;
    children?: { total?: number; started: number; succeeded: number; failed: number };
  }[];
}

export interface ScheduleOptions {
  /** In `zone`; or `every` so many seconds. */
  cron?: string;
  zone?: string;
  every?: number;
  anchor?: Date | string;
  start?: Date | string;
  end?: Date | string;
  count?: number;
  jitter?: number;
  overlap?: string;
  missed?: string;
  /** Seconds. */
  missedAfter?: number;
  missedWithin?: number;
  queue?: string;
  priority?: number;
  tags?: Record<string, string>;
  attempts?: number;
  timeout?: number;
  /** Seconds after an occurrence was submitted. */
  deadline?: number;
  retention?: number;
  notify?: Notice[];
  /** Whose limits, order and turns occurrences go by. */
  key?: string;
  weight?: number;
  /** Only where this is its version still, or, with '', where there is none. */
  ifVersion?: string;
}

/** What became of one instant. */
export interface ScheduleRun {
  scheduledAt?: string;
  outcome: 'open' | 'success' | 'failure' | 'revoked' | 'skipped' | 'queued' | 'replaced';
  cause: string;
  job?: string;
  state?: JobState;
}

/** How a schedule stood when the gateway answered, with all that was put: docs/HTTP.md. Of one with a flow there is no `type`. */
export interface Schedule {
  id: string;
  type?: string;
  flow?: { jobs: FlowJob[]; result?: any; onFailure?: 'cancel' | 'continue' };
  args?: any;
  cron?: string;
  every?: number;
  zone?: string;
  version: string;
  nextAt?: string;
  dueAt?: string;
  paused?: { by?: string; at: string; reason?: string };
  runs?: ScheduleRun[];
  [member: string]: any;
}

/** That each event whose key fits `pattern` is a job of `type`. */
export interface Binding { id: string; pattern: string; type: string; queue: string; args?: Record<string, any> }
/** What was made of an event; `jobs` by binding. `replayed`: it had been published before, and nothing is new. */
export interface Published { event: string; key: string; jobs: Record<string, string>; replayed: boolean }

export class Client {
  constructor(options?: ClientOptions);
  readonly url: string;
  submit<Result = any>(type: string, args?: any, options?: SubmitOptions & Abortable & { wait?: number }): Promise<Job<Result>>;
  batch(submissions: Iterable<Submission>, options?: Abortable): Promise<(Job | Problem)[]>;
  status<Result = any>(id: string, options?: Abortable & { wait?: number }): Promise<Job<Result>>;
  wait<Result = any>(id: string, options?: Abortable & { timeout?: number }): Promise<Job<Result>>;
  result<Result = any>(id: string, options?: Abortable & { timeout?: number }): Promise<Result>;
  watch<Result = any>(ids: string | Iterable<string>, options?: Abortable): AsyncGenerator<Job<Result>, void, void>;
  cancel(id: string, options?: Abortable & { reason?: string }): Promise<Job>;
  retry(id: string, options?: Abortable & { reason?: string }): Promise<Job>;
  delete(id: string, options?: Abortable & { reason?: string }): Promise<void>;
  signal(id: string, name: string, body?: any, options?: Abortable & { key?: string }): Promise<void>;
  submitFlow<Result = any>(
    jobs: FlowJob[],
    options?: Abortable & { result?: any; id?: string; onFailure?: 'cancel' | 'continue'; retention?: number; tags?: Record<string, string>; notify?: Notice[] },
  ): Promise<Job<Result>>;
  flow(id: string, options?: Abortable): Promise<FlowView>;
  putSchedule(id: string, type: string, args?: any, options?: ScheduleOptions & Abortable): Promise<Schedule>;
  putFlowSchedule(
    id: string, flow: { jobs: FlowJob[]; result?: any; onFailure?: 'cancel' | 'continue' },
    options?: Omit<ScheduleOptions, 'queue' | 'priority' | 'attempts' | 'timeout' | 'key' | 'weight'> & Abortable,
  ): Promise<Schedule>;
  schedule(id: string, options?: Abortable): Promise<Schedule>;
  schedules(options?: Abortable): AsyncGenerator<Schedule, void, void>;
  nextInstants(what: Pick<ScheduleOptions, 'cron' | 'zone' | 'every' | 'anchor' | 'start' | 'end' | 'count'> & Abortable): Promise<string[]>;
  deleteSchedule(id: string, options?: Abortable): Promise<void>;
  pauseSchedule(id: string, options?: Abortable & { reason?: string }): Promise<Schedule>;
  resumeSchedule(id: string, options?: Abortable & { reason?: string }): Promise<Schedule>;
  triggerSchedule(id: string, options?: Abortable & { key?: string }): Promise<string>;
  backfillSchedule(id: string, from: Date | string, to: Date | string, options?: Abortable): Promise<string[]>;
  scheduleRuns(id: string, options?: Abortable): Promise<ScheduleRun[]>;
  publish(key: string, data?: any, options?: Abortable & { eventId?: string }): Promise<Published>;
  putBinding(id: string, pattern: string, type: string, args?: Record<string, any>, options?: Abortable & { queue?: string }): Promise<Binding>;
  binding(id: string, options?: Abortable): Promise<Binding>;
  bindings(options?: Abortable): AsyncGenerator<Binding, void, void>;
  deleteBinding(id: string, options?: Abortable): Promise<void>;
  list(options?: Abortable & {
    state?: JobState; type?: string; queue?: string; tags?: Record<string, string>; submittedAfter?: Date | string; pageSize?: number;
  }): AsyncGenerator<Job, void, void>;
}

export function submission(type: string, args?: any, options?: SubmitOptions): Submission;
export function ref(path: string): { $ref: string };
export function literal(value: any): { $literal: any };
export function flowJob(name: string, type: string, args?: any, options?: FlowJobOptions): FlowJob;

export class GridError extends Error {}
export class Unreachable extends GridError {}
export class NotEnded extends GridError { readonly job: Job }
export class JobFailed extends GridError { readonly job: Job; readonly code: string; readonly type?: string }
export class JobCancelled extends GridError { readonly job: Job }
export class Problem extends GridError {
  /** The name under "Problems" in docs/HTTP.md. */
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly mistakes: { detail: string; pointer?: string; parameter?: string }[];
  readonly pointer?: string;
  readonly retryAfter?: number;
  readonly jobCode?: string;
}
