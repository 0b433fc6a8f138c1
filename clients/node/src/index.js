export { Client, submission } from './client.js';
export { GridError, JobCancelled, JobFailed, NotEnded, Problem, Unreachable } from './errors.js';
export { flowJob, literal, ref } from './flows.js';
