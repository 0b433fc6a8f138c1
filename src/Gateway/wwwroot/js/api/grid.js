// The gateway's routes for the grid as a whole.
import { getJson, postJson } from './http.js';

const queue = (name) => `queues/${encodeURIComponent(name)}`;

export const getJobTypes = (signal) => getJson('job-types', { signal });
export const getStats = (signal) => getJson('stats', { signal });
export const getStore = (signal) => getJson('store', { signal });
export const getQueues = (signal) => getJson('queues', { signal });
export const pauseQueue = (name, reason) => postJson(`${queue(name)}/pause`, reason ? { reason } : undefined);
export const resumeQueue = (name) => postJson(`${queue(name)}/resume`);
