// Exit code 1 where an object has a field that its type does not have, lacks one that it needs, or has a value of another type.
// Unknown fields are found by the TypeScript compiler (an object literal with a member too many), wrong values by the models' own schemas.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { renderAll } from "./render.mjs";
import { literalType, modelPackage } from "./types.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const overlays = renderAll();
const objects = Object.entries(overlays).flatMap(([overlay, list]) => list.map(object => ({ overlay, object })));
const failures = [];

const name = ({ overlay, object }) => `${overlay}: ${object.kind} ${object.metadata.name}`;

const work = join(here, "node_modules", ".objects");
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
objects.forEach((entry, index) => {
  const type = literalType(entry.object);
  writeFileSync(join(work, `object${index}.ts`),
    `// ${name(entry)}\nimport type { ${type.name} } from "${type.file}";\nexport const object: ${type.name} = ${JSON.stringify(entry.object, null, 2)};\n`);
});
writeFileSync(join(work, "tsconfig.json"), JSON.stringify({
  compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, module: "nodenext", moduleResolution: "nodenext", target: "es2022", types: [] },
  include: ["*.ts"],
}));
try {
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", work], { encoding: "utf8" });
} catch (error) {
  failures.push(error.stdout.replace(/^(\S*object(\d+)\.ts)/gm, (_, file, index) => `${name(objects[index])} (${file})`));
}

for (const entry of objects) {
  try {
    const models = await import(modelPackage(entry.object));
    new models[entry.object.kind](entry.object).validate();
  } catch (error) {
    failures.push(`${name(entry)}: ${error.message}`);
  }
}

if (failures.length > 0) {
  console.error(failures.join("\n"));
  process.exit(1);
}

for (const [overlay, list] of Object.entries(overlays)) console.log(`${overlay}: ${list.length} objects fit their types`);
