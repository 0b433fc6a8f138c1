// Flows as a graph: docs/FLOWS-HTTP.md says what it means.

/** What another job of the flow brings: `ref('split.result/words')`, `ref('ship.error')`, or the element that a job runs for: `ref('each.value')`. */
export const ref = path => ({ $ref: path });

/** A value that stays as it is, though it looks like a reference. */
export const literal = value => ({ $literal: value });

/** One job of a flow, for `submitFlow`. */
export const flowJob = (name, type, args, options = {}) => ({ name, type, ...(args === undefined ? {} : { args }), ...options });
