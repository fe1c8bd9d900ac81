/** What cluster tests start from: the running rig, and a namespace of their own. */
import { randomUUID } from "node:crypto";
import { rigNames, rigPlace } from "./rig-place.ts";
import { findCluster, type RunningCluster } from "./running-cluster.ts";

/** Which rig the tests use; `test`, given by hand, has one started although another is up. */
export const rigVariable = "ONVERA_TEST_RIG";

/** The rig that the run's set-up started or found. @throws Error when there is none */
export async function testCluster(): Promise<RunningCluster> {
  const name = rigNames.find((known) => known === process.env[rigVariable]);
  const cluster = name && (await findCluster(rigPlace(name)));
  if (!cluster) throw new Error("No rig is running: run the tests by 'npm run test:cluster'.");
  return cluster;
}

export interface TestNamespace {
  name: string;
  /** kubectl in this namespace. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Server-side apply of manifests into this namespace. */
  apply(...manifests: object[]): Promise<void>;
  remove(): Promise<void>;
}

/** @param labels for example the Pod Security level */
export async function makeNamespace(
  cluster: RunningCluster,
  labels: Readonly<Record<string, string>> = {},
): Promise<TestNamespace> {
  const name = `test-${randomUUID().slice(0, 8)}`;
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
  await cluster.kubectl(["create", "-f", "-"], JSON.stringify(namespace));
  const kubectl: TestNamespace["kubectl"] = (args, input) => cluster.kubectl(["--namespace", name, ...args], input);
  return {
    name,
    kubectl,
    async apply(...manifests) {
      const list = { apiVersion: "v1", kind: "List", items: manifests };
      await kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(list));
    },
    async remove() {
      await kubectl(["delete", "pods", "--all", "--grace-period=0", "--force", "--wait=false"]);
      await cluster.kubectl(["delete", "namespace", name, "--wait=false"]);
    },
  };
}
