// The gateway's route for what happened to a job.
import { getJson } from './http.js';

export const getTimeline = (id, signal) => getJson(`jobs/${encodeURIComponent(id)}/timeline`, { signal });
