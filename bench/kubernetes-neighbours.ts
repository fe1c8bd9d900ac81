/** Other deployments in a cluster: all their objects as one that was really deployed has them, without any pod. */
import { newId } from "../src/domain/ids.ts";
import { DEPLOYMENT_LABEL, namespaceName } from "../src/domain/kubernetes-names.ts";
import type { ClusterClient } from "../src/kubernetes/client.ts";
import { ClusterFailure } from "../src/kubernetes/failure.ts";
import { listAll } from "../src/kubernetes/follow-list.ts";
import { NAMESPACE_TYPE, namespacedTypes, namespacePath } from "../src/kubernetes/kinds.ts";
import type { ClusterObject } from "../src/kubernetes/objects.ts";
import { until } from "../test/support/until.ts";

/** Made, and removed, at the same moment: more only queue at the API server. */
const AT_ONCE = 8;
const GONE_SECONDS = 900;

interface Manifest extends ClusterObject {
  kind: string;
  spec?: Record<string, unknown>;
}

interface Model {
  deploymentId: string;
  /** Where it answers: no neighbour may answer in its place. */
  host: string;
  namespace: Manifest;
  /** Each with the path it is made at, below its namespace. */
  inside: { plural: string; group: string; manifest: Manifest }[];
}

export interface Neighbours {
  /** How many there are. */
  count(): number;
  /**
   * Makes some until there are so many, or until the moment has come.
   * @param deadline of `performance.now()`
   */
  growTo(count: number, deadline: number): Promise<void>;
  /** Removes them all and waits until the cluster has. */
  clear(): Promise<void>;
}

/** @param deploymentId of one that is ready: the others are made after it */
export async function neighboursOf(client: ClusterClient, deploymentId: string): Promise<Neighbours> {
  const model = await readModel(client, deploymentId);
  const ids: string[] = [];
  return {
    count: () => ids.length,
    async growTo(count, deadline) {
      await inParallel(async () => {
        if (ids.length >= count || performance.now() > deadline) return false;
        const id = newId("deployment");
        ids.push(id);
        await makeNeighbour(client, model, id);
        return true;
      });
    },
    async clear() {
      const left = [...ids];
      await inParallel(async () => {
        const id = left.pop();
        if (id === undefined) return false;
        await client.raw("remove a namespace", { method: "DELETE", path: namespacePath(namespaceName(id)) });
        return true;
      });
      await until(async () => (await namesOf(client, ids)).length === 0, "the neighbours are gone", GONE_SECONDS);
      ids.length = 0;
    },
  };
}

async function namesOf(client: ClusterClient, ids: readonly string[]): Promise<string[]> {
  const { items } = await listAll<ClusterObject>(client, { what: "namespaces", path: "/api/v1/namespaces" });
  const own = new Set(ids.map(namespaceName));
  return items.map(({ metadata }) => metadata.name).filter((name) => own.has(name));
}

async function readModel(client: ClusterClient, deploymentId: string): Promise<Model> {
  const name = namespaceName(deploymentId);
  const own = (await client.raw("read a namespace", { path: namespacePath(name) })) as Manifest;
  const selector = encodeURIComponent(`${DEPLOYMENT_LABEL}=${deploymentId}`);
  const lists = await Promise.all(
    namespacedTypes.map(async ({ type, group, plural }) => {
      const path = `${group}/namespaces/${name}/${plural}?labelSelector=${selector}`;
      const { items } = await listAll<Manifest>(client, { what: plural, path });
      return items.map((item) => ({ plural, group, manifest: withoutPods(bare(item, type)) }));
    }),
  );
  // The quota last: what is counted against one that the cluster has not looked at yet is refused.
  const inside = lists
    .flat()
    .sort((a, b) => Number(a.plural === "resourcequotas") - Number(b.plural === "resourcequotas"));
  return { deploymentId, host: hostIn(inside), namespace: bare(own, NAMESPACE_TYPE), inside };
}

function hostIn(inside: Model["inside"]): string {
  const front = inside.find(({ manifest }) => manifest.kind === "Ingress")?.manifest.spec as {
    rules?: { host: string }[];
  };
  const host = front?.rules?.[0]?.host;
  if (host === undefined) throw new Error("The deployment has no front door to be made after.");
  return host;
}

/** What somebody wrote of an object, without what the cluster added. */
function bare({ metadata, ...rest }: Manifest, type: string): Manifest {
  const [version = "", kind = ""] = type.slice("kubernetes:".length).split(":");
  const { status: _status, ...own } = rest as Record<string, unknown>;
  const { name, labels } = metadata;
  return {
    ...own,
    apiVersion: version.replace(/^core\//, ""),
    kind,
    metadata: { name, labels },
  } as unknown as Manifest;
}

/** No copies, a Job that does not start, claims that nobody fulfils, a Service with an address of its own. */
function withoutPods(manifest: Manifest): Manifest {
  const { kind, spec } = manifest;
  if (spec === undefined) return manifest;
  switch (kind) {
    case "Deployment":
      return { ...manifest, spec: { ...spec, replicas: 0 } };
    case "Job": {
      const { selector: _selector, template, ...own } = spec;
      const { spec: pod } = template as { spec: object };
      return { ...manifest, spec: { ...own, suspend: true, template: { spec: pod } } };
    }
    case "PersistentVolumeClaim": {
      const { volumeName: _volume, ...own } = spec;
      return { ...manifest, spec: { ...own, storageClassName: "of-nobody" } };
    }
    case "Service": {
      const { clusterIP: _address, clusterIPs: _addresses, ...own } = spec;
      return { ...manifest, spec: own };
    }
    default:
      return manifest;
  }
}

async function makeNeighbour(client: ClusterClient, model: Model, id: string): Promise<void> {
  const name = namespaceName(id);
  const as = (manifest: Manifest): unknown =>
    JSON.parse(
      JSON.stringify(manifest)
        .replaceAll(model.deploymentId, id)
        .replaceAll(namespaceName(model.deploymentId), name)
        .replaceAll(model.host, `${name}.example.com`),
    );
  await client.raw("make a namespace", { method: "POST", path: "/api/v1/namespaces", body: as(model.namespace) });
  for (const { plural, group, manifest } of model.inside) {
    const path = `${group}/namespaces/${name}/${plural}`;
    await client.raw(`make one of ${plural}`, { method: "POST", path, body: as(manifest) }).catch((error: unknown) => {
      if (!(error instanceof ClusterFailure) || error.reason !== "conflict") throw error;
    });
  }
}

/** Does a piece after the other, several at once, until there is none. */
async function inParallel(piece: () => Promise<boolean>): Promise<void> {
  const line = async () => {
    while (await piece());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
}
