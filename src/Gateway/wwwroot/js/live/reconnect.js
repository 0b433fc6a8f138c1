// When to try again: soon at first, then ever later, and not all pages at once.

const firstMs = 500;
const ceilingMs = 20_000;

/** @param {number} failures How many times in a row it has failed; 0 after a stream that ended well. */
export const reconnectDelay = (failures, random = Math.random()) =>
  failures === 0 ? 100 : Math.min(ceilingMs, firstMs * 2 ** (failures - 1)) * (0.5 + random / 2);
