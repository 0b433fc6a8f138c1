// The gateway's route for what the grid has done.
import { getJson } from './http.js';

export const getHistory = (params, signal) => {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value));
  return getJson(`stats/history?${query}`, { signal });
};
