// Lays JSON text out over lines without reading its values, so that a number of thirty digits is shown as it was sent.

/** @param {string} json Well-formed JSON. */
export function indent(json) {
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return json.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, (token) => {
    if (token[0] === '"') return token;
    if (/^\s/.test(token)) return '';
    if (token === ',') return `,${line()}`;
    if (token === ':') return ': ';
    if (token === '{' || token === '[') {
      depth++;
      return `${token}${line()}`;
    }
    if (token === '}' || token === ']') {
      depth--;
      return `${line()}${token}`;
    }
    return token.replace(/\s/g, '');
  });
}
