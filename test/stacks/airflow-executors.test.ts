/** What each executor makes of an Airflow on Kubernetes: its processes and pods, and the walls around them (issue 5). */
import { beforeAll, describe, expect, it } from "vitest";
import type { AirflowExecutor } from "../../src/domain/airflow-executor.ts";
import { appCatalog, processesOf } from "../../src/domain/app-catalog.ts";
import { DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { kubernetesLabels } from "../../src/domain/kubernetes-names.ts";
import { longLivedKeys } from "../../src/domain/long-lived-keys.ts";
import { sizeNames } from "../../src/domain/sizes.ts";
import { secretsIn, Workload } from "../../src/domain/workload.ts";
import { workloadFor } from "../../src/stacks/apps/registry.ts";
import { checkWorkload } from "../../src/stacks/workload-check.ts";
import { allows, type End } from "../support/network-policies.ts";
import { deploymentId, input } from "./fixtures.ts";
import {
  type Manifest,
  manifestsOf,
  namespace,
  type PodSpec,
  podSpecsOf,
  runOnCluster,
} from "./kubernetes-fixtures.ts";
import type { Recording } from "./recorder.ts";

const identity = { ...input().identity, appType: "airflow" as const };
const custody = Object.fromEntries(Object.keys(longLivedKeys).map((name) => [name, `custody-${name}`]));
const offered = new Set(["database_url", "admin_password", ...Object.keys(longLivedKeys)]);
const apiServer = { addresses: ["10.9.0.1", "10.9.0.2"], port: 6443 };

const specOf = (executor: AirflowExecutor, changes: Partial<DeploymentSpec> = {}) =>
  DeploymentSpec.parse({
    version: "3.3.2",
    size: "small",
    power_state: "running",
    airflow: executor === "local" ? {} : { executor },
    ...changes,
  });
const workloadOf = (...given: Parameters<typeof specOf>) => workloadFor(specOf(...given), identity);
const recorded = (executor: AirflowExecutor, changes: Partial<DeploymentSpec> = {}, place: object = {}) => {
  const spec = specOf(executor, changes);
  return runOnCluster({ identity, spec, workload: workloadFor(spec, identity), custody }, { apiServer, ...place });
};
const ofKind = (recording: Recording, kind: string) => manifestsOf(recording).filter((each) => each.kind === kind);
/** Content of the Secret that holds the app's files, by key. */
const textsOf = (recording: Recording): Record<string, string> => {
  const [found] = ofKind(recording, "Secret").filter(({ metadata }) => metadata.name === "app-files");
  return { ...(found?.stringData as Record<string, string>) };
};
const configOf = (workload: Workload) => workload.files.find(({ path }) => path === "airflow.cfg")?.content ?? "";

describe.each(["local", "kubernetes", "celery"] as const)("with the executor '%s', the workload", (executor) => {
  it.each(sizeNames)("can be rendered at size %s, within the size's memory (ON-34)", (size) => {
    const workload = workloadOf(executor, { size });
    expect(Workload.parse(workload)).toEqual(workload);
    expect(() => checkWorkload(workload, offered)).not.toThrow();
    const total = workload.processes.reduce((sum, { memoryMegabytes }) => sum + memoryMegabytes, 0);
    expect(Math.abs(total - { small: 2048, medium: 4096, large: 8192 }[size])).toBeLessThan(8);
  });

  it("has the catalogue's processes, and its own name in airflow.cfg (ON-24)", () => {
    const names = workloadOf(executor).processes.map(({ name, scalable }) => [name, scalable]);
    expect(names).toEqual(processesOf("airflow", executor).map(({ name, scalable }) => [name, scalable]));
    const called = { local: "LocalExecutor", kubernetes: "KubernetesExecutor", celery: "CeleryExecutor" }[executor];
    expect(configOf(workloadOf(executor))).toContain(`executor = ${called}\n`);
  });

  it("is offered for every version that is (NH-06)", () => {
    for (const { version } of appCatalog.airflow.versions) {
      expect(() => checkWorkload(workloadOf(executor, { version }), offered)).not.toThrow();
    }
  });
});

describe("the local executor", () => {
  it("has nothing of what the others need: no account, no role, no further policy, secret or process (R9)", async () => {
    const recording = await recorded("local", {}, { apiServer: null });
    const kinds = new Set(manifestsOf(recording).map(({ kind }) => kind));
    expect([kinds.has("Role"), kinds.has("RoleBinding")]).toEqual([false, false]);
    expect(ofKind(recording, "ServiceAccount").map(({ metadata }) => metadata.name)).toEqual(["app"]);
    expect(ofKind(recording, "NetworkPolicy").map(({ metadata }) => metadata.name)).not.toContain("allow-api-server");
    expect(workloadOf("local").secrets).not.toContain("broker_password");
    expect(configOf(workloadOf("local"))).not.toMatch(/kubernetes_executor|celery/);
  });
});

describe("the KubernetesExecutor", () => {
  let recording: Recording;
  let template: { metadata: Manifest["metadata"]; spec: PodSpec };
  let policies: Manifest[];

  beforeAll(async () => {
    recording = await recorded("kubernetes");
    template = JSON.parse(textsOf(recording)["task-pod"] ?? "{}");
    policies = ofKind(recording, "NetworkPolicy");
  });

  it("gives one process an account that may make pods in its own namespace, and nothing else (R9)", () => {
    expect(
      ofKind(recording, "ServiceAccount")
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(["app", "pod-maker"]);
    const [role] = ofKind(recording, "Role");
    expect([role?.metadata.namespace, role?.rules]).toEqual([
      namespace,
      [{ apiGroups: [""], resources: ["pods"], verbs: ["create", "get", "list", "watch", "patch", "delete"] }],
    ]);
    expect(ofKind(recording, "RoleBinding")).toMatchObject([
      {
        roleRef: { kind: "Role", name: "pod-maker" },
        subjects: [{ kind: "ServiceAccount", name: "pod-maker", namespace }],
      },
    ]);
  });

  it("mounts a token into the scheduler's pods alone, not into its tasks' (R9)", () => {
    const holders = podSpecsOf(recording).filter(([, pod]) => pod.automountServiceAccountToken !== false);
    expect(holders.map(([name, pod]) => [name, pod.serviceAccountName])).toEqual([["scheduler", "pod-maker"]]);
    expect(template.spec).toMatchObject({ serviceAccountName: "app", automountServiceAccountToken: false });
  });

  it("runs tasks under Pod Security's restricted rules, in the app's image, within limits (R9)", () => {
    expect(template.spec).toMatchObject({
      restartPolicy: "Never",
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "base",
          image: "onvera.local/superset:6.1.0-0123456789ab",
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          resources: { requests: { memory: "512Mi" }, limits: { cpu: "1", memory: "1Gi" } },
        },
      ],
    });
  });

  it("hands tasks no secret: neither the database's address nor any key of the app (ON-28, R9)", () => {
    const sources = template.spec.volumes.flatMap((volume) => (volume.secret === undefined ? [] : [volume]));
    expect(sources).toEqual([
      {
        name: "config",
        secret: {
          secretName: "app-files",
          defaultMode: 0o440,
          items: [{ key: "file-0", path: "airflow.cfg", mode: 0o440 }],
        },
      },
    ]);
    for (const value of Object.values(custody)) expect(JSON.stringify(template)).not.toContain(value);
    expect(JSON.stringify(template)).not.toContain("-password-result");
    expect(secretsIn(configOf(workloadOf("kubernetes")))).toEqual([]);
  });

  it("writes tasks' logs to the volume that outlives their pods, where the API server reads them (ON-35)", () => {
    const mounts = template.spec.containers[0]?.volumeMounts.map(({ name, mountPath }) => [name, mountPath]);
    expect(mounts).toContainEqual(["logs", "/var/lib/onvera/logs"]);
    expect(template.spec.volumes).toContainEqual({ name: "logs", persistentVolumeClaim: { claimName: "logs" } });
  });

  it("tells Airflow its own namespace and template, and rolls the scheduler when the template changes (ON-20)", async () => {
    expect(textsOf(recording)["file-0"]).toContain(
      `namespace = ${namespace}\npod_template_file = /etc/onvera/config/task-pod.yaml\n`,
    );
    const marks = (of: Recording) =>
      ofKind(of, "Deployment").map(({ metadata, spec }) => {
        const { annotations } = (spec.template as { metadata: Manifest["metadata"] }).metadata;
        return [metadata.name, annotations?.["onvera.dev/task-pods"]];
      });
    const before = Object.fromEntries(marks(recording));
    const after = Object.fromEntries(marks(await recorded("kubernetes", {}, { nodeSelector: { pool: "b" } })));
    expect(before.scheduler).toMatch(/^[0-9a-f]{32}$/);
    expect(after.scheduler).not.toBe(before.scheduler);
    expect([before["api-server"], before.triggerer]).toEqual([undefined, undefined]);
  });

  it("leaves room in the quota for as many tasks as its schedulers start (ON-34)", async () => {
    const hard = (of: Recording) => ofKind(of, "ResourceQuota")[0]?.spec.hard as Record<string, string>;
    const pods = async (...given: Parameters<typeof recorded>) => Number(hard(await recorded(...given)).pods);
    const local = await pods("local");
    expect((await pods("kubernetes")) - local).toBe(4);
    const two = { replicas: { scheduler: 2 } };
    expect((await pods("kubernetes", two)) - (await pods("local", two))).toBe(8);
  });

  describe("lets", () => {
    const pod = (component: string): End => ({
      namespace,
      labels: kubernetesLabels({ deploymentId, app: "airflow" }, component),
    });
    const at = (address: string): End => ({ address });
    const reaches = (from: End, to: End, port: number) => allows(policies, { from, to, port, protocol: "TCP" });

    it("the scheduler reach the cluster's API server, at its port alone, and nobody else (R9)", () => {
      for (const address of apiServer.addresses) {
        expect(reaches(pod("scheduler"), at(address), 6443)).toBe(true);
        expect(reaches(pod("scheduler"), at(address), 10_250)).toBe(false);
        for (const other of ["task", "api-server", "dag-processor", "triggerer", "bootstrap"]) {
          expect(reaches(pod(other), at(address), 6443)).toBe(false);
        }
      }
      expect(reaches(pod("scheduler"), at("10.9.0.3"), 6443)).toBe(false);
    });

    it("tasks reach Airflow's API server and the internet, and no database (ON-28, R9)", () => {
      expect(reaches(pod("task"), pod("api-server"), 8080)).toBe(true);
      expect(reaches(pod("task"), at("151.101.0.223"), 443)).toBe(true);
      expect(reaches(pod("task"), at("10.0.0.5"), 5432)).toBe(false);
      expect(reaches(pod("scheduler"), at("10.0.0.5"), 5432)).toBe(true);
    });
  });

  it("is not rendered for a cluster whose API server nobody has looked up: the wall is never left out (R9)", async () => {
    await expect(recorded("kubernetes", {}, { apiServer: null })).rejects.toThrow(/API server/);
  });

  it("adds resources and replaces none: every other one keeps its name (NH-05)", async () => {
    const names = ({ resources }: Recording) => resources.map(({ name }) => name);
    const local = names(await recorded("local"));
    const added = names(recording).filter((name) => !local.includes(name));
    expect(local.filter((name) => !names(recording).includes(name))).toEqual([]);
    expect(added.sort()).toEqual([
      "network-allow-api-server",
      "network-pod-maker-account",
      "network-pod-maker-binding",
      "network-pod-maker-role",
    ]);
  });
});

describe("the CeleryExecutor", () => {
  it("runs as many workers as are asked for, from the app's own image (ON-24)", async () => {
    const recording = await recorded("celery", { replicas: { worker: 3 } });
    const worker = ofKind(recording, "Deployment").find(({ metadata }) => metadata.name === "worker");
    expect(worker?.spec.replicas).toBe(3);
    const [, pod] = podSpecsOf(recording).find(([name]) => name === "worker") ?? [];
    expect(pod?.containers[0]?.command.slice(2)).toEqual(["celery", "worker", "--skip-serve-logs"]);
    expect(pod?.automountServiceAccountToken).toBe(false);
  });

  it("has a broker of the deployment's own, one copy, with a password that stands in files alone (ON-28, R9)", async () => {
    const recording = await recorded("celery");
    const broker = ofKind(recording, "Deployment").find(({ metadata }) => metadata.name === "broker");
    expect(broker?.spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
    expect(ofKind(recording, "Service").map(({ metadata }) => metadata.name)).toContain("broker");
    const texts = Object.values(textsOf(recording));
    expect(texts.some((text) => text.includes("requirepass custody-broker_password\n"))).toBe(true);
    for (const manifest of manifestsOf(recording).filter(({ kind }) => kind !== "Secret")) {
      expect(JSON.stringify(manifest)).not.toContain("custody-broker_password");
    }
  });

  it("keeps the broker from every neighbour, and everybody from the cluster's API server (R9)", async () => {
    const policies = ofKind(await recorded("celery"), "NetworkPolicy");
    const pod = (component: string, inside = namespace): End => ({
      namespace: inside,
      labels: kubernetesLabels({ deploymentId, app: "airflow" }, component),
    });
    const reaches = (from: End, to: End, port: number) => allows(policies, { from, to, port, protocol: "TCP" });
    expect(reaches(pod("worker"), pod("broker"), 8081)).toBe(true);
    expect(reaches(pod("worker", "ov-other"), pod("broker"), 8081)).toBe(false);
    expect(reaches({ namespace: "ingress", labels: {} }, pod("broker"), 8081)).toBe(false);
    for (const component of ["scheduler", "worker"]) {
      expect(reaches(pod(component), { address: "10.9.0.1" }, 6443)).toBe(false);
    }
  });

  it("tells Airflow broker and results by files, on one line each that no shell reads (engine: secrets)", () => {
    const lines = configOf(workloadOf("celery")).split("\n");
    expect(lines).toContain(
      "broker_url_cmd = sed -e s,^,redis://:, -e s,$,@{{host:broker}}:{{port:queue}}/0, {{secret-file:broker_password}}",
    );
    expect(lines).toContain(
      "result_backend_cmd = sed s,^postgres[a-z]*:,db+postgresql+psycopg2:, {{secret-file:database_url}}",
    );
  });
});
