// The gateway's routes for schedules.
import { getJson, getText, postJson, request } from './http.js';
import { once } from './once.js';

const schedule = (id) => `schedules/${encodeURIComponent(id)}`;

/** @returns {Promise<{schedules: object[], cursor?: string}>} In the order of their ids. */
export const listSchedules = (cursor, signal) => getJson(`schedules?${new URLSearchParams({ limit: 50, ...(cursor && { cursor }) })}`, { signal });

/** Its arguments keep the digits that they were put with. */
export const getSchedule = async (id, signal) => JSON.parse(await getText(schedule(id), { signal }), exact);
export const getRuns = (id, signal) => getJson(`${schedule(id)}/runs`, { signal });
export const pauseSchedule = (id, reason) => postJson(`${schedule(id)}/pause`, reason ? { reason } : undefined);
export const resumeSchedule = (id) => postJson(`${schedule(id)}/resume`);
export const triggerSchedule = async (id) => (await once(`${schedule(id)}/trigger`)).json();
export const deleteSchedule = (id, version) => request(schedule(id), { method: 'DELETE', headers: { 'If-Match': `"${version}"` } });

/** @param {string} [version] Of what is replaced; without it, there must be none of this id yet. */
export const putSchedule = async (id, body, version) =>
  (await request(schedule(id), { method: 'PUT', body, headers: version ? { 'If-Match': `"${version}"` } : { 'If-None-Match': '*' } })).json();

/** The next instants of a schedule that need not be there, up to ten. */
export const preview = (instants, count, signal) => getJson(`schedules/next?${new URLSearchParams({ ...instants, count: Math.min(count, 10) })}`, { signal });

/** The next instants of one that is there. */
export const nextOf = (id, signal) => getJson(`${schedule(id)}/next?count=10`, { signal });

const exact = (key, value, context) => (typeof value === 'number' && JSON.rawJSON && context?.source !== undefined && String(value) !== context.source ? JSON.rawJSON(context.source) : value);
