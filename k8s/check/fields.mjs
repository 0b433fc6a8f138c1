// Writes the fields of every kind that is rendered here, as the types have them, to the file that the tests check against, so that the tests
// need no npm. Run it when a new kind appears or the types move: `node fields.mjs`.
import { writeFileSync, mkdirSync } from "node:fs";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { literalType } from "./types.mjs";
import { renderAll } from "./render.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "..", "tests", "OrleansJobs.Tests", "Kubernetes", "fields.json");
const kinds = [...new Set(Object.values(renderAll()).flat().map(object => `${object.apiVersion}/${object.kind}`))].sort();

const probe = join(here, "node_modules", ".objects", "fields.ts");
mkdirSync(dirname(probe), { recursive: true });
writeFileSync(probe, kinds.map((kind, index) => {
  const slash = kind.lastIndexOf("/");
  const type = literalType({ apiVersion: kind.slice(0, slash), kind: kind.slice(slash + 1) });
  return `import type { ${type.name} as T${index} } from "${type.file}";\nexport declare const kind${index}: T${index};`;
}).join("\n"));
const program = ts.createProgram([probe], { strict: true, skipLibCheck: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] });
const checker = program.getTypeChecker();
const source = program.getSourceFile(probe);

const types = {};
const names = new Map();

function nameOf(type) {
  const known = names.get(type);
  if (known) return known;
  const symbol = type.aliasSymbol ?? type.symbol;
  const base = symbol && symbol.name !== "__type" ? symbol.name : "Inline";
  let name = base;
  for (let i = 2; name in types; i++) name = `${base}${i}`;
  names.set(type, name);
  types[name] = {};
  for (const property of checker.getPropertiesOfType(type)) {
    const optional = property.flags & ts.SymbolFlags.Optional;
    types[name][optional ? `${property.name}?` : property.name] = describe(checker.getTypeOfSymbol(property));
  }

  return name;
}

// string, number, boolean, any, 'literal', []element, {}value, a type's name, or several of them with | between.
function describe(type) {
  if (type.isUnion()) {
    const parts = type.types.filter(part => !(part.flags & ts.TypeFlags.Undefined));
    return [...new Set(parts.map(describe))].sort().join("|");
  }

  if (type.isStringLiteral()) return `'${type.value}'`;
  if (type.flags & ts.TypeFlags.StringLike) return "string";
  if (type.flags & ts.TypeFlags.NumberLike) return "number";
  if (type.flags & ts.TypeFlags.BooleanLike) return "boolean";
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Null)) return "any";
  if (checker.isArrayType(type)) return `[]${describe(checker.getTypeArguments(type)[0])}`;
  const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  if (index) return `{}${describe(index)}`;
  return checker.getPropertiesOfType(type).length === 0 ? "any" : nameOf(type);
}

const roots = {};
kinds.forEach((kind, index) => {
  const declaration = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).find(symbol => symbol.name === `kind${index}`);
  roots[kind] = nameOf(checker.getTypeOfSymbol(declaration));
});
writeFileSync(target, `${JSON.stringify({ kinds: roots, types }, null, 1)}\n`);
console.log(`${kinds.length} kinds, ${Object.keys(types).length} types`);
