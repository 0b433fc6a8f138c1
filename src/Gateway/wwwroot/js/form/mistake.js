/** What is wrong with one input, named by the JSON Pointer the gateway would name it by. */
export class Mistake extends Error {
  constructor(pointer, detail) {
    super(detail);
    this.pointer = pointer;
  }
}

/** Reads them all, and throws what is wrong with any of them as `Mistakes`. */
export function readAll(readers) {
  const mistakes = [];
  const values = readers.map((read) => {
    try {
      return read();
    } catch (error) {
      if (error instanceof Mistakes) mistakes.push(...error.all);
      else if (error instanceof Mistake) mistakes.push(error);
      else throw error;
    }
  });
  if (mistakes.length) throw new Mistakes(mistakes);
  return values;
}

export class Mistakes extends Error {
  /** @param {Mistake[]} all */
  constructor(all) {
    super(all.map(({ message }) => message).join('; '));
    this.all = all;
  }
}
