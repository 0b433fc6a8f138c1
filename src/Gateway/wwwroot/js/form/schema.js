// Reads the part of JSON Schema that says what to ask for. What it does not know is asked for as JSON, so every type can be started.
import { t } from '../texts.js';

/**
 * @param {*} schema A JSON Schema; `true` and undefined allow anything.
 * @param {*} root The whole schema, for references within it.
 * @returns {{kind: string, nullable: boolean, schema: object}} `kind` is object, array, enum, boolean, integer, number, time, text or json.
 */
export function describe(schema, root, depth = 0) {
  const own = resolve(schema, root);
  const types = [].concat(own.type ?? []);
  const nullable = types.includes('null') || (own.enum ?? []).includes(null);
  return { kind: kindOf(own, types.filter((type) => type !== 'null'), depth), nullable, schema: own };
}

const deepest = 3;

function kindOf(schema, types, depth) {
  const has = (type) => types.includes(type);
  if (Array.isArray(schema.enum)) return schema.enum.every((value) => value === null || typeof value === 'string') ? 'enum' : 'json';
  // .NET's numbers may also be written as strings; they are asked for as numbers all the same.
  if (has('integer')) return 'integer';
  if (has('number')) return 'number';
  if (types.length !== 1) return 'json';
  if (has('boolean')) return 'boolean';
  if (has('string')) return schema.format === 'date-time' ? 'time' : 'text';
  if (depth < deepest && has('object') && schema.properties) return 'object';
  if (depth < deepest && has('array') && schema.items && typeof schema.items === 'object') return 'array';
  return 'json';
}

function resolve(schema, root) {
  if (typeof schema !== 'object' || schema === null) return {};
  if (typeof schema.$ref !== 'string') return schema;
  // A type that contains itself refers back to a place in the schema.
  const place = schema.$ref.replace(/^#\/?/, '').split('/').filter(Boolean);
  const target = place.reduce((at, step) => at?.[decodeURIComponent(step).replace(/~1/g, '/').replace(/~0/g, '~')], root);
  return typeof target === 'object' && target !== null && target !== schema ? { ...target, ...without(schema, '$ref') } : {};
}

const without = ({ ...rest }, name) => {
  delete rest[name];
  return rest;
};

/** "stepMs" → "Step ms". */
export function labelOf(name, schema) {
  if (schema.title) return schema.title;
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** What is allowed, in words. */
export function hintOf(schema) {
  const { minimum, maximum, description } = schema;
  const range = minimum !== undefined && maximum !== undefined ? t.schema.to(minimum, maximum) : minimum !== undefined ? t.schema.atLeast(minimum) : maximum !== undefined ? t.schema.atMost(maximum) : '';
  return [description, range].filter(Boolean).join(' · ') || undefined;
}
