/** The Kubernetes driver on a real cluster: what it waits for, what it tells of pods that do not start, what it leaves. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untilNamespaceGone } from "../../src/automation/targets/kubernetes/namespace-end.ts";
import { StepFailure } from "../../src/automation/worker/target-driver.ts";
import { parseKubeconfig } from "../../src/domain/cluster-access.ts";
import { NAMESPACE_TYPE } from "../../src/kubernetes/kinds.ts";
import {
  type DrivenDeployment,
  type DrivenOptions,
  driveDeployment,
  process,
} from "../support/cluster/driven-deployment.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const serve = ["httpd", "-f", "-p", "8080", "-h", "/bin"];

let cluster: RunningCluster;
let postgres: ScratchPostgres;
const made: DrivenDeployment[] = [];

beforeAll(async () => {
  cluster = await testCluster();
  postgres = await startScratchPostgres();
});
afterAll(async () => {
  for (const one of made) await one.remove();
  await postgres?.stop();
});

async function drive(options?: DrivenOptions): Promise<DrivenDeployment> {
  const driven = await driveDeployment(cluster, postgres, options);
  made.push(driven);
  return driven;
}

/** The error a step ends with. */
async function told(step: Promise<void>) {
  const thrown = await step.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof StepFailure)) throw new Error(`No step failure: ${String(thrown)}`);
  return thrown.error;
}

const ready = ({ driver, context, io }: DrivenDeployment) => driver.waitReady(context, io);

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
};

describe.concurrent("waiting for a rollout (ON-35, ON-44, R1)", () => {
  it("ends when every pod is ready and the address answered; an update that cannot start leaves the old pods serving (TN-3)", async () => {
    const ingress = { host: "", port: 80 };
    const driven = await drive({ ingress });
    await driven.apply(service, process("web", serve));
    ingress.host = await driven.kubectl(["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]);
    await ready(driven);
    await driven.apply(process("web", serve, { image: "onvera.local/nothing:1" }));
    const error = await told(ready(driven));
    expect(error).toMatchObject({ code: "IMAGE_MISSING", owner: "operator", cause: "platform" });
    expect(error.message).toContain("onvera.local/nothing:1");
    expect((await fetch(`http://${ingress.host}/busybox`)).status).toBe(200);
  }, 120_000);

  it("tells of a process that keeps ending, with its last lines and without the deployment's secrets (R9)", async () => {
    const driven = await drive();
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "app-secrets" },
      stringData: { key: "tell-nobody-this" },
    };
    await driven.apply(secret, process("web", ["sh", "-c", "echo starting with tell-nobody-this; exit 3"]));
    const error = await told(ready(driven));
    expect(error).toMatchObject({ code: "PROCESS_CRASHES", last_log_lines: ["starting with [secret]"] });
    expect(error.message).toContain("exit code 3");
  }, 180_000);

  it("tells of a quota that lets no pod be made, and who must act", async () => {
    const driven = await drive();
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "tight" },
      spec: { hard: { pods: "0" } },
    };
    await driven.apply(quota, process("web", serve));
    const error = await told(ready(driven));
    expect(error).toMatchObject({ code: "QUOTA_EXCEEDED", owner: "operator" });
    expect(error.message).toContain("exceeded quota: tight");
  }, 120_000);

  it("tells of a pod that no node takes, in the scheduler's words", async () => {
    const driven = await drive();
    await driven.apply(process("web", serve, { pod: { nodeSelector: { "onvera.dev/none": "such" } } }));
    const error = await told(ready(driven));
    expect(error).toMatchObject({ code: "POD_UNSCHEDULABLE", cause: "capacity" });
    expect(error.message).toMatch(/0\/1 nodes are available/);
  }, 150_000);

  it("takes a stopped deployment for stopped only when no pod is left", async () => {
    const driven = await drive({ powerState: "stopped" });
    await driven.apply(process("web", serve));
    await driven.kubectl(["wait", "--for=condition=Available", "deployment/web", "--timeout=60s"]);
    await driven.kubectl(["scale", "deployment/web", "--replicas=0"]);
    await ready(driven);
    expect(await driven.kubectl(["get", "pods", "-o", "name"])).toBe("");
  }, 120_000);

  it("ends with the cause when the cluster does not take the account any more", async () => {
    const { server, certificateAuthority } = parseKubeconfig(cluster.kubeconfig);
    const driven = await drive({ access: { server, certificateAuthority, token: "expired" } });
    const error = await told(ready(driven));
    expect(error).toMatchObject({ code: "CLUSTER_ACCESS_REFUSED", owner: "operator" });
    expect(driven.said.join()).toContain("It is tried again");
    const { found } = await driven.driver.lookUp(driven.context, {
      urn: "",
      type: NAMESPACE_TYPE,
      physicalId: driven.namespace,
    });
    expect(found).toBe("unknown");
  }, 150_000);
});

describe.concurrent("an end (ON-46, NH-01)", () => {
  it("takes the front door, then the pods, then the namespace, and finds nothing afterwards", async () => {
    const driven = await drive();
    const { driver, context, io, namespace } = driven;
    await driven.apply(process("web", serve));
    await driven.kubectl(["wait", "--for=condition=Available", "deployment/web", "--timeout=60s"]);
    const whole = { urn: "", type: NAMESPACE_TYPE, physicalId: namespace };
    expect(await driver.lookUp(context, whole)).toMatchObject({ found: "present", ours: true });
    const part = { urn: "", type: "kubernetes:apps/v1:Deployment", physicalId: `${namespace}/web` };
    expect(await driver.lookUp(context, part)).toMatchObject({ found: "present", ours: true, goesWithAnother: true });
    await driver.revokeAccess(context, io);
    await driver.removeDatabaseTenant(context, io);
    expect(await driven.kubectl(["get", "pods", "-o", "name"])).toBe("");
    const before = await driver.findOwned(context);
    expect(before.flatMap((swept) => ("things" in swept ? swept.things : []))).toMatchObject([
      { physicalId: namespace },
    ]);
    await driver.removeOwned(context, io);
    const after = await driver.findOwned(context);
    expect(after.map((swept) => ("things" in swept ? swept.things : swept.failure))).toEqual([[], []]);
    expect(await driver.lookUp(context, whole)).toMatchObject({ found: "absent" });
  }, 180_000);

  it("names the finalizers that hold a namespace", async () => {
    const driven = await drive();
    const held = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "held", finalizers: ["example.com/never"] } };
    await driven.apply(held);
    await cluster.kubectl(["delete", "namespace", driven.namespace, "--wait=false"]);
    const phase = () => cluster.kubectl(["get", "namespace", driven.namespace, "-o", "jsonpath={.status.conditions}"]);
    await until(async () => (await phase()).includes("example.com/never"), "the cluster says what holds it", 60);
    const error = await told(untilNamespaceGone(driven.client, driven.namespace, driven.io, 3));
    expect(error).toMatchObject({ code: "NAMESPACE_STUCK", owner: "operator", retryable: true });
    expect(error.message).toContain("example.com/never");
    await driven.kubectl(["patch", "configmap/held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}']);
    await untilNamespaceGone(driven.client, driven.namespace, driven.io);
  }, 180_000);
});
