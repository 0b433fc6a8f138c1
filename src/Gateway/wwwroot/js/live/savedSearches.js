// Searches that the viewer has kept, in this browser.

const place = 'orleansjobs.searches';
const most = 50;

/** @returns {{name: string, filter: object}[]} In the order of their names. */
export function savedSearches() {
  try {
    const kept = JSON.parse(localStorage.getItem(place) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isSearch) : [];
  } catch {
    return [];
  }
}

/** Keeps a search, in place of one of the same name. @returns {boolean} Whether the browser keeps it. */
export const saveSearch = (name, filter) => write([...savedSearches().filter((each) => each.name !== name), { name, filter }].slice(-most).sort((one, other) => one.name.localeCompare(other.name)));

export const forgetSearch = (name) => write(savedSearches().filter((each) => each.name !== name));

function write(searches) {
  try {
    localStorage.setItem(place, JSON.stringify(searches));
    return true;
  } catch {
    return false;
  }
}

// What stands there may be of another release, or of somebody's own making.
const isSearch = (each) => typeof each?.name === 'string' && each.name !== '' && typeof each.filter === 'object' && each.filter !== null && Object.values(each.filter).every((value) => typeof value === 'string');
