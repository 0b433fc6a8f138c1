// Where the packages keep the type of an object.
export function literalType({ apiVersion, kind }) {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  switch (group) {
    case "keda.sh": return { file: `@kubernetes-models/keda/keda.sh/${version}`, name: `I${kind}` };
    case "gateway.networking.k8s.io": return { file: `@kubernetes-models/gateway-api/${group}/${version}`, name: `I${kind}` };
    default: return { file: `kubernetes-types/${group.replace(".k8s.io", "")}/${version}.js`, name: kind };
  }
}

export function modelPackage({ apiVersion }) {
  switch (apiVersion.split("/")[0]) {
    case "keda.sh": return `@kubernetes-models/keda/${apiVersion}`;
    case "gateway.networking.k8s.io": return `@kubernetes-models/gateway-api/${apiVersion}`;
    default: return `kubernetes-models/${apiVersion}`;
  }
}
