// The gateway's route for what a flow has started.
import { getJson } from './http.js';

export const getFlow = (id, signal) => getJson(`flows/${encodeURIComponent(id)}`, { signal });
