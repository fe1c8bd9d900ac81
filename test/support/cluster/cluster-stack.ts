/** The program of one deployment on the rig: real engine, real PostgreSQL, the provider that stands in for the official one. */
import { randomUUID } from "node:crypto";
import type { OpMap } from "@pulumi/pulumi/automation/index.js";
import { namespaceName } from "../../../src/domain/kubernetes-names.ts";
import type { KubernetesPlace } from "../../../src/domain/kubernetes-place.ts";
import type { ProgramInput } from "../../../src/domain/program-input.ts";
import { postgresqlPackage } from "../../../src/providers/postgresql/package.ts";
import { createPgAdmin } from "../../../src/providers/postgresql/pg-admin.ts";
import { randomPackage } from "../../../src/providers/random/package.ts";
import { deploymentProgram } from "../../../src/stacks/program.ts";
import { kubernetesTarget } from "../../../src/stacks/targets/kubernetes/index.ts";
import { input } from "../../stacks/fixtures.ts";
import { clusterInput } from "../../stacks/kubernetes-fixtures.ts";
import { kubernetesPackage } from "../kubernetes-provider/package.ts";
import { startScratchPostgres } from "../postgres.ts";
import { startWorkbench, type WorkbenchStack } from "../provider-workbench.ts";
import { portForPods } from "./port-for-pods.ts";
import type { RunningCluster } from "./running-cluster.ts";

export interface ClusterStack extends WorkbenchStack {
  deploymentId: string;
  namespace: string;
  /** Port of the database server, as pods reach it. */
  databasePort: number;
  /** The input the next run of the program reads. */
  use(changes: Partial<ProgramInput>): void;
  /** Uses it and runs it. @returns how many resources were changed in which way */
  up(changes: Partial<ProgramInput>): Promise<OpMap | undefined>;
  /** kubectl in the deployment's namespace. */
  kubectl(...args: string[]): Promise<string>;
  /** Pods of a process, by name. */
  podsOf(process: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** @param place what of the cluster differs from the rig's ordinary */
export async function startClusterStack(
  cluster: RunningCluster,
  place: Partial<KubernetesPlace> & { image: string },
): Promise<ClusterStack> {
  const deploymentId = `dep_${randomUUID()}`;
  const namespace = namespaceName(deploymentId);
  const postgres = await startScratchPostgres();
  const database = await portForPods(cluster, postgres.port);
  const workbench = await startWorkbench(() => [
    randomPackage,
    postgresqlPackage(createPgAdmin(() => ({ connectionString: postgres.connectionString() }))),
    kubernetesPackage(),
  ]);
  const access = { databaseUrl: null, kubeconfig: cluster.kubeconfig };
  await workbench.host.attach({ stackName: deploymentId, access });
  const inputOf = (changes: Partial<ProgramInput>): ProgramInput => {
    const identity = { ...input().identity, deploymentId, ...changes.identity };
    const made = clusterInput(
      { ...changes, identity },
      { imagePullPolicy: "Never", storageClass: null, ...place },
      { databaseHost: cluster.hostAddress },
    );
    return { ...made, context: { ...made.context, databasePort: database.port } };
  };
  let current = inputOf({});
  const opened = await workbench.open(deploymentId, () => deploymentProgram(current, kubernetesTarget)());
  const kubectl = (...args: string[]) => cluster.kubectl(["--namespace", namespace, ...args]);
  const use = (changes: Partial<ProgramInput>) => {
    current = inputOf(changes);
  };
  return {
    ...opened,
    deploymentId,
    namespace,
    databasePort: database.port,
    use,
    async up(changes) {
      use(changes);
      return (await opened.stack.up()).summary.resourceChanges;
    },
    kubectl,
    async podsOf(process) {
      const names = await kubectl("get", "pods", "-l", `app.kubernetes.io/component=${process}`, "-o", "name");
      return names.split("\n").filter((name) => name !== "");
    },
    async stop() {
      await cluster.kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--timeout=240s"]);
      await workbench.stop();
      await database.close();
      await postgres.stop();
    },
  };
}
