// What went wrong with a request, in words to show. The gateway answers with problem details (RFC 9457).
import { t } from '../texts.js';

export class Problem extends Error {
  /**
   * @param {{status?: number, type?: string, title: string, detail?: string, mistakes?: {pointer?: string, parameter?: string, detail: string}[], retryAfter?: number}} said
   *   `status` 0: there was no answer. `retryAfter` is in seconds.
   */
  constructor({ status = 0, type, title, detail, mistakes = [], retryAfter }) {
    super(title);
    this.name = 'Problem';
    Object.assign(this, { status, type, title, detail, mistakes, retryAfter });
  }

  get isKeyWanted() {
    return this.status === 401;
  }
}

export const unreachable = () => new Problem({ title: t.problem.theGatewayCannotBeReached, detail: t.problem.itMayBeRestartingOr });

/** Who asked for it is signed in no more. */
export const somebodyElse = ({ name }) => new Problem({ status: 409, title: t.problem.somebodyElseIsSignedIn(name), detail: t.problem.nothingWasDone });

/** Reads a problem out of an answer that is no success. */
export async function problemOf(response) {
  const said = await response.json().catch(() => null);
  const retryAfter = Number(response.headers.get('Retry-After')) || undefined;
  return new Problem({
    status: response.status,
    type: said?.type,
    title: said?.title ?? t.problem.theGatewayAnswered(response.status),
    detail: said?.detail,
    mistakes: Array.isArray(said?.errors) ? said.errors : [],
    retryAfter,
  });
}
