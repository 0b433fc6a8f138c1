// The gateway's routes for keys: what is said of them, how they stand, and their lines.
import { getJson, postJson } from './http.js';

// A key is a prefix, alone or with a name behind a slash.
const path = (key) => `keys/${key.split('/').map(encodeURIComponent).join('/')}`;

/** @param {{rank?: string, prefix?: string, limit?: number}} asked */
export const listKeys = (asked, signal) => getJson(`keys?${new URLSearchParams(Object.entries(asked).filter(([, value]) => value))}`, { signal });

/** With the first of its jobs. */
export const getKey = (key, jobs, signal) => getJson(`${path(key)}?jobs=${jobs}`, { signal });
export const pauseKey = (key, reason) => postJson(`${path(key)}/pause`, reason ? { reason } : undefined);
export const resumeKey = (key) => postJson(`${path(key)}/resume`);
