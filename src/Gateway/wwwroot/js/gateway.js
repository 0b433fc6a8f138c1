// Where the gateway is that this page came from, seen from the page: it may be served elsewhere, and a proxy may have put anything before both.

const said = document.querySelector('meta[name="gateway"]');

/** @param {string} path Without a slash at its beginning. By the dots it is one: what stands before a colon could be a scheme. */
export const addressOf = (path) => `${said?.content ?? './'}${path}`;
