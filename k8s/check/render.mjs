// What people apply: every overlay alone, and production with every component.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

const k8s = resolve(dirname(fileURLToPath(import.meta.url)), "..");

export function renderAll() {
  const copy = mkdtempSync(join(tmpdir(), "orleansjobs-k8s-"));
  try {
    for (const folder of ["base", "overlays", "components"]) cpSync(join(k8s, folder), join(copy, folder), { recursive: true });
    const all = join(copy, "overlays", "all");
    cpSync(join(copy, "overlays", "production"), all, { recursive: true });
    writeFileSync(join(all, "kustomization.yaml"),
      "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: orleansjobs\nresources:\n  - ../production\ncomponents:\n  - ../../components/keda\n  - ../../components/gateway-api\n  - ../../components/cluster-tls\n");
    return Object.fromEntries(["dev", "production", "all"].map(name => [name, render(join(copy, "overlays", name))]));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function render(folder) {
  const text = execFileSync("kubectl", ["kustomize", folder], { encoding: "utf8" });
  return parseAllDocuments(text).map(document => document.toJS());
}
