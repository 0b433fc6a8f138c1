/** As the gateway reads it. */
export const instant = value => value instanceof Date ? value.toISOString() : value;
