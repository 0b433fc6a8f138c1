// Where the gateway is, and what every request to it carries.
const DEFAULT = 'http://localhost:8080';

const environment = name => globalThis.process?.env?.[name] || undefined;

/** A gateway's URL, with the path that it may be mounted under. In a page it may be a path, or nothing: then it is the page's own server. */
export class Address {
  constructor(url, key) {
    const page = globalThis.location?.href;
    const said = url ?? environment('ORLEANSJOBS_URL') ?? (page === undefined ? DEFAULT : '/');
    let at;
    try {
      at = new URL(said, page);
    } catch {
      throw new TypeError(`the grid's address is an http or https URL, such as ${DEFAULT}; it is ${JSON.stringify(said)}`);
    }

    if (at.protocol !== 'http:' && at.protocol !== 'https:') throw new TypeError(`the grid's address is an http or https URL, such as ${DEFAULT}; it is ${JSON.stringify(said)}`);
    if (at.username || at.search || at.hash) throw new TypeError("the grid's address has no user, query or fragment; give the API key as key, or as ORLEANSJOBS_KEY");
    this.url = at.href.replace(/\/+$/, '');
    this.headers = { accept: 'application/json' };
    const known = key ?? environment('ORLEANSJOBS_KEY');
    if (known) this.headers.authorization = `Bearer ${known}`;
  }
}
