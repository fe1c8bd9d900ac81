/**
 * The program of a deployment with the real engine, on a real API server with real pods, through the provider that
 * stands in for the official one. The app is a small web server, so that what is tested is the program.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Workload } from "../../src/domain/workload.ts";
import { spec, workload } from "../stacks/fixtures.ts";
import { type ClusterStack, startClusterStack } from "../support/cluster/cluster-stack.ts";
import { testImage } from "../support/cluster/rig-images.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { until } from "../support/until.ts";

// Pods take their time on a machine that is busy with other layers.
vi.setConfig({ testTimeout: 300_000 });

let cluster: RunningCluster;
let deployment: ClusterStack;

beforeAll(async () => {
  cluster = await testCluster();
  deployment = await startClusterStack(cluster, { image: testImage });
});

afterAll(async () => {
  await deployment?.stop();
});

const timing = { periodSeconds: 1, timeoutSeconds: 5, startupGraceSeconds: 60, failureThreshold: 3 };

/** A job that writes a page with a secret from its standard input, and a process that serves it. */
function server(changes: { job?: Partial<Workload["jobs"][number]>; replicas?: number } = {}): Workload {
  const [job] = workload().jobs;
  const [web] = workload().processes;
  if (job === undefined || web === undefined) throw new Error("the fixture has a job and a process");
  const write = 'mkdir -p "$1"; cat >"$1/page"; echo written';
  const page = "{{dir:data}}/www";
  return workload({
    package: { lock: "superset/6.1.0", extraRequirements: [] },
    jobs: [
      {
        ...job,
        name: "init",
        command: ["sh", "-c", write, "sh", page],
        stdin: '{"password":"{{secret:admin_password}}"}',
        deadlineSeconds: 120,
        ...changes.job,
      },
    ],
    processes: [
      {
        ...web,
        command: ["httpd", "-f", "-p", "{{port:web}}", "-h", page],
        replicas: changes.replicas ?? 1,
        cpu: 0.1,
        memoryMegabytes: 64,
        gracePeriodSeconds: 1,
        readiness: { ...timing, kind: "http", port: "web", path: "/page" },
      },
    ],
  });
}

const webPods = () => deployment.podsOf("web");

describe("a deployment on Kubernetes", () => {
  it("comes into being in one up: volumes, secrets, the job, then pods that answer (ON-20, ON-32 to ON-35)", async () => {
    deployment.use({ workload: server() });
    const { outputs, summary } = await deployment.stack.up();
    expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["create"]);
    expect(outputs.url?.value).toBe("https://my-superset-abc123.apps.example.com");
    await deployment.kubectl("rollout", "status", "deployment/web", "--timeout=90s");
    // Asked from inside: nobody but the ingress controller reaches it from elsewhere.
    const page = await deployment.kubectl(
      "exec",
      "deployment/web",
      "--",
      "wget",
      "-q",
      "-O",
      "-",
      "http://127.0.0.1:8080/page",
    );
    expect(JSON.parse(page)).toEqual({ password: outputs.admin_password?.value });
  });

  it("has nothing to do when nothing changed, also when all of it is read again (P1)", async () => {
    expect(Object.keys((await deployment.stack.preview()).changeSummary)).toEqual(["same"]);
    const refreshed = await deployment.stack.preview({ refresh: true });
    expect(Object.keys(refreshed.changeSummary)).toEqual(["same"]);
  });

  it("keeps what it did not name: a change made by hand is seen, and taken back by the next up (ON-45)", async () => {
    await deployment.kubectl("scale", "deployment/web", "--replicas=3");
    const changes = (await deployment.stack.up({ refresh: true })).summary.resourceChanges;
    expect(changes?.update).toBe(1);
    expect(await deployment.kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}")).toBe("1");
    await until(async () => (await webPods()).length === 1, "the copies too many are gone", 90);
  });

  it("ends a job's failure with its last lines, and leaves the pods that serve alone (TN-3)", async () => {
    const before = await webPods();
    const command = ["sh", "-c", "echo the column is missing; exit 3"];
    const failing = server({ job: { command, runKey: "6.2.0" }, replicas: 2 });
    await expect(deployment.up({ workload: failing })).rejects.toThrow(/exit code 3[\s\S]*the column is missing/);
    expect(await webPods()).toEqual(before);
    const mended = await deployment.up({ workload: server({ job: { runKey: "6.2.0" }, replicas: 2 }) });
    expect(mended).toMatchObject({ create: 1, delete: 1 });
    expect(await deployment.kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}")).toBe("2");
  });

  it("stops by a change of copies alone, its data kept (ON-24)", async () => {
    const workloadNow = server({ job: { runKey: "6.2.0" }, replicas: 2 });
    expect(await deployment.up({ workload: workloadNow, spec: spec({ power_state: "stopped" }) })).toMatchObject({
      update: 1,
    });
    await deployment.kubectl("wait", "--for=delete", "pod", "-l", "app.kubernetes.io/component=web", "--timeout=90s");
    expect(await deployment.kubectl("get", "persistentvolumeclaim", "-o", "jsonpath={.items[*].status.phase}")).toBe(
      "Bound Bound",
    );
  });

  it("goes whole when it is destroyed: the namespace and all that was in it (ON-46)", async () => {
    deployment.use({ workload: server(), options: { protect: false, adopt: {} } });
    await deployment.stack.destroy({ runProgram: true });
    const left = () => cluster.kubectl(["get", "namespace", deployment.namespace, "--ignore-not-found"]);
    await until(async () => (await left()) === "", "the namespace is gone", 120);
  });
});
