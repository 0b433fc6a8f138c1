// Whole numbers in the reader's way of writing them, and how many there are of something.

const number = new Intl.NumberFormat();

export const count = (value) => number.format(value);
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
