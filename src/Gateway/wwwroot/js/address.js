// What the page shows is in the address, after the '#': '#/jobs?state=FAILURE'. So a view can be bookmarked, sent to a colleague and gone back to,
// and the gateway serves one file for all of them.

/** @returns {{segments: string[], query: URLSearchParams}} */
export function read(hash = location.hash) {
  const [path, query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  return { segments: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

/** The address of a view; empty parameters are left out. */
export function to(segments, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== '' && value !== null && value !== undefined));
  const tail = query.toString();
  return `#/${segments.map(encodeURIComponent).join('/')}${tail ? `?${tail}` : ''}`;
}

export const toJob = (id) => to(['jobs', id]);
export const toKey = (key) => to(['keys', ...key.split('/')]);
export const toSchedule = (id, ...more) => to(['schedules', id, ...more]);

/** Goes to a view; `replace` leaves no entry to go back to. */
export function go(address, { replace = false } = {}) {
  if (replace) location.replace(address);
  else location.hash = address;
}

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
