// Where a handler's error was thrown, as the grid keeps it: one frame a line, the innermost first, the program's own before those of libraries.
const MAX_TRACE = 4000;
const MAX_FRAMES = 50;
/** Who called the handler says nothing of why it failed. */
const OWN = new URL('..', import.meta.url).pathname;

/** @returns {string | undefined} */
export function traceOf(error) {
  try {
    const lines = String(error?.stack ?? '').split('\n').filter(line => /^\s+at /.test(line) && !line.includes(OWN)).slice(0, MAX_FRAMES);
    const isLibrary = line => /node:|[\\/]node_modules[\\/]|<anonymous>\)?$/.test(line);
    // Where a program lies on its machine is nobody's business.
    const frames = [...lines.filter(line => !isLibrary(line)), ...lines.filter(isLibrary)].map(line => line.trim().replaceAll(/(?:file:\/\/)?(?:[A-Za-z]:)?[^\s()]*[\\/]/g, ''));
    const text = frames.join('\n');
    return (text.length <= MAX_TRACE ? text : text.slice(0, text.lastIndexOf('\n', MAX_TRACE))) || undefined;
  } catch {
    // Where it was thrown is worth less than that it was.
    return undefined;
  }
}
