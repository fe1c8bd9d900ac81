/** What a workload becomes on Kubernetes: exact pods, gates, probes, volumes, and what a change of the spec touches. */
import { describe, expect, it } from "vitest";
import { isStateful } from "../../src/domain/stateful-types.ts";
import { workloadFor } from "../../src/stacks/apps/registry.ts";
import { gitSource, input, spec, workload } from "./fixtures.ts";
import { manifestsOf, podSpecsOf, runOnCluster } from "./kubernetes-fixtures.ts";
import type { Recording } from "./recorder.ts";

const plain = { package: { lock: "superset/6.1.0", extraRequirements: [] } };
const probed = (changes: object = {}) =>
  workload({
    ...plain,
    processes: workload().processes.map((process) => ({
      ...process,
      ...(process.name === "web"
        ? {
            liveness: { ...timing, kind: "http" as const, port: "web", path: "/health", periodSeconds: 20 },
            readiness: { ...timing, kind: "command" as const, command: ["check", "{{secret-file:database_url}}"] },
          }
        : {}),
    })),
    ...changes,
  });
const timing = { periodSeconds: 10, timeoutSeconds: 5, startupGraceSeconds: 60, failureThreshold: 3 };
const podNamed = (recording: Recording, name: string) => {
  const found = podSpecsOf(recording).find(([each]) => each.startsWith(name));
  if (found?.[1].containers[0] === undefined) throw new Error(`no pod ${name}`);
  return { pod: found[1], container: found[1].containers[0] };
};
const objectOf = (recording: Recording, kind: string, name: string) => {
  const found = manifestsOf(recording).find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};

describe("a workload's references in a pod", () => {
  it("are the pod's own folders, ports and addresses (ON-20)", async () => {
    const { container } = podNamed(await runOnCluster({ workload: probed() }), "web");
    expect(container.command).toEqual(["serve", "--port", "8080"]);
    const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
    expect(env).toMatchObject({ HOME_OF_APP: "/var/lib/onvera/data", TMPDIR: "/tmp", VIRTUAL_ENV: "/opt/app" });
  });

  it("leave a customer's dollar signs alone: Kubernetes would take them for its own references", async () => {
    const given = workload({ ...plain, env: { PRICE: "$(HOME) costs $$5" } });
    const { container } = podNamed(await runOnCluster({ workload: given }), "web");
    expect(container.env).toContainEqual({ name: "PRICE", value: "$$(HOME) costs $$$$5" });
  });

  it("put a secret's value into files and standard input alone, escaped where that is JSON", async () => {
    const recording = await runOnCluster({
      workload: workload(plain),
      custody: { secret_key: 'a"b', fernet_key: "custody-fernet-key" },
    });
    const files = objectOf(recording, "Secret", "app-files").stringData;
    expect(files).toEqual({
      "file-0": '{"url":"https://my-superset-abc123.apps.example.com","key":"a"b"}',
      "stdin-init": '{"password":"secrets-admin-password-result"}',
    });
  });
});

describe("jobs", () => {
  it("run one after the other, the processes after the last: a failed migration starts nothing (ON-20)", async () => {
    const recording = await runOnCluster({ workload: workload({ ...plain, gitSource }) });
    const waitsFor = (name: string) => {
      const found = recording.resources.find((each) => each.name.startsWith(name));
      return found?.dependsOn.map((each) => each.replace(/-[0-9a-f]{8}$/, ""));
    };
    expect(waitsFor("compute-job-migrate")).toEqual(
      expect.arrayContaining(["compute-secrets", "compute-files", "compute-data"]),
    );
    expect(waitsFor("compute-job-init")).toContain("compute-job-migrate");
    for (const process of ["web", "worker"]) {
      expect(waitsFor(`compute-process-${process}`)).toEqual(
        expect.arrayContaining(["compute-job-init", "compute-job-source"]),
      );
    }
  });

  it("have a deadline, one attempt, and their secrets on standard input (ON-20)", async () => {
    const recording = await runOnCluster({ workload: workload(plain) });
    const job = manifestsOf(recording).find(({ metadata }) => metadata.name.startsWith("job-init"));
    expect(job?.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 600 });
    expect(job?.metadata.annotations).toMatchObject({ "onvera.dev/phase": "bootstrapping_app" });
    const { container } = podNamed(recording, "job-init");
    expect(container.command).toEqual([
      "/bin/sh",
      "-c",
      'umask 077; exec "$$@" </etc/onvera/stdin/stdin.json',
      "onvera",
      "app",
      "init",
    ]);
  });

  it("are done again for another run key, and for nothing else", async () => {
    const names = async (...given: Parameters<typeof runOnCluster>) =>
      manifestsOf(await runOnCluster(...given)).flatMap(({ kind, metadata }) =>
        kind === "Job" ? [metadata.name] : [],
      );
    const before = await names({ workload: workload(plain) });
    expect(await names({ workload: workload(plain), spec: spec({ size: "large" }) })).toEqual(before);
    const [migrate, init] = workload().jobs;
    if (migrate === undefined || init === undefined) throw new Error("the fixture has two jobs");
    const updated = await names({ workload: workload({ ...plain, jobs: [{ ...migrate, runKey: "6.2.0" }, init] }) });
    expect(updated[0]).not.toBe(before[0]);
    expect(updated[1]).toBe(before[1]);
  });

  it("install a deployment's own requirements once per image and set, into the data volume (ON-12)", async () => {
    const recording = await runOnCluster();
    const install = podNamed(recording, "job-package").container;
    expect(install.command.slice(4)).toEqual(["/opt/app/bin/python", "-I", "/opt/app/share/onvera/onvera_overlay.py"]);
    const plan = JSON.parse(
      (objectOf(recording, "Secret", "app-files").stringData as Record<string, string>)["stdin-package"] ?? "",
    );
    expect(plan).toMatchObject({ uv: "uv", requirements: ["pandas>=2"], folder: "/var/lib/onvera/data/.overlays" });
    const env = podNamed(recording, "web").container.env;
    expect(env).toContainEqual({ name: "VIRTUAL_ENV", value: `${plan.folder}/${plan.name}` });
    const other = await runOnCluster({}, { image: "onvera.local/superset:6.2.0-0123456789ab" });
    expect(podNamed(other, "web").container.env).not.toContainEqual({
      name: "VIRTUAL_ENV",
      value: `${plan.folder}/${plan.name}`,
    });
  });
});

describe("a process", () => {
  it("is asked as the workload says, and given its time to start (ON-23)", async () => {
    const { container } = podNamed(await runOnCluster({ workload: probed() }), "web");
    const http = {
      path: "/health",
      port: 8080,
      httpHeaders: [{ name: "Host", value: "my-superset-abc123.apps.example.com" }],
    };
    expect(container).toMatchObject({
      startupProbe: { httpGet: http, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 33 },
      livenessProbe: { httpGet: http, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 3 },
      readinessProbe: { exec: { command: ["check", "/etc/onvera/secrets/database_url"] }, periodSeconds: 10 },
    });
  });

  it("has started when the part that takes longest answers, where the workload names it (ON-23)", async () => {
    const [airflow] = workloadFor(spec({ version: "3.3.2" }), { ...input().identity, appType: "airflow" }).processes;
    if (airflow?.startup === undefined) throw new Error("Airflow's first process names no such part");
    const { startup } = airflow;
    const processes = probed().processes.map((each) => (each.name === "web" ? { ...each, startup } : each));
    const { container } = podNamed(await runOnCluster({ workload: probed({ processes }) }), "web");
    expect(container).toMatchObject({
      startupProbe: { httpGet: { path: "/execution/health", port: 8080 }, periodSeconds: 2, failureThreshold: 153 },
      livenessProbe: { httpGet: { path: "/health" }, periodSeconds: 20 },
    });
  });

  it("keeps serving while it is replaced, and ends what it began (ON-24, TN-3)", async () => {
    const recording = await runOnCluster({ workload: probed() });
    const deployment = objectOf(recording, "Deployment", "web");
    expect(deployment.spec.strategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
    expect(deployment.metadata.annotations).toEqual({ "pulumi.com/skipAwait": "true" });
    const { pod, container } = podNamed(recording, "web");
    expect(pod.terminationGracePeriodSeconds).toBe(20);
    expect(container.lifecycle).toEqual({ preStop: { exec: { command: ["sleep", "10"] } } });
    expect(objectOf(recording, "PodDisruptionBudget", "web").spec.maxUnavailable).toBe(1);
  });

  it("that must be single is never there twice", async () => {
    const single = workload({
      ...plain,
      processes: workload().processes.map((each) => ({ ...each, scalable: false })),
    });
    const { spec: wanted } = objectOf(await runOnCluster({ workload: single }), "Deployment", "worker");
    expect(wanted.strategy).toEqual({ type: "Recreate" });
  });

  it("runs in as many copies as wanted, and in none while stopped, its name and data kept (ON-24)", async () => {
    const stopped = await runOnCluster({ spec: spec({ power_state: "stopped" }), workload: workload(plain) });
    for (const name of ["web", "worker"]) expect(objectOf(stopped, "Deployment", name).spec.replicas).toBe(0);
    expect(objectOf(stopped, "Ingress", "front-door").spec.ingressClassName).toBe("traefik");
  });

  it("shares one node with the others where a volume can be on one only, and spreads where it need not", async () => {
    const once = podNamed(await runOnCluster({ workload: workload(plain) }), "web").pod;
    expect(JSON.stringify(once.affinity)).toContain("requiredDuringSchedulingIgnoredDuringExecution");
    const many = await runOnCluster({ workload: workload(plain) }, { volumeAccess: "ReadWriteMany" });
    const { pod } = podNamed(many, "web");
    expect(pod.affinity).toBeUndefined();
    expect(pod.topologySpreadConstraints).toMatchObject([{ maxSkew: 1, topologyKey: "kubernetes.io/hostname" }]);
    expect(objectOf(many, "PersistentVolumeClaim", "data").spec.accessModes).toEqual(["ReadWriteMany"]);
  });

  it("runs on the environment's own nodes where it has some, sure of all its cores there (QV-05)", async () => {
    const pool = { key: "onvera.dev/pool", operator: "Equal" as const, value: "acme", effect: "NoSchedule" as const };
    const given = { isolation: "dedicated" as const, nodeSelector: { "onvera.dev/pool": "acme" }, tolerations: [pool] };
    const recording = await runOnCluster({ workload: workload(plain) }, { ...given, ingressClass: "acme" });
    for (const [, pod] of podSpecsOf(recording)) {
      expect(pod.nodeSelector).toEqual({ "onvera.dev/pool": "acme" });
      expect(pod.tolerations).toEqual([pool]);
    }
    expect(podNamed(recording, "web").container.resources.requests.cpu).toBe("1");
    const shared = await runOnCluster({ workload: workload(plain) });
    expect(podNamed(shared, "web").container.resources.requests.cpu).toBe("250m");
    expect(objectOf(recording, "Ingress", "front-door").spec.ingressClassName).toBe("acme");
  });
});

describe("a change of the spec on a cluster", () => {
  /** Resources whose inputs differ, what is ignored apart. */
  const touched = (before: Recording, after: Recording) =>
    before.resources.flatMap(({ name, inputs }) => {
      const now = after.named(name);
      const seen = (values: Record<string, unknown>) =>
        JSON.stringify(Object.entries(values).filter(([key]) => !now.ignoreChanges.includes(key)));
      return seen(inputs) === seen(now.inputs) ? [] : [name];
    });

  it("of power state, restart or size touches no volume, no job and no secret (NH-05)", async () => {
    const before = await runOnCluster({ workload: workload(plain) });
    const change = (changes: Parameters<typeof spec>[0]) =>
      runOnCluster({ workload: workload(plain), spec: spec(changes) });
    const processes = ["compute-process-web", "compute-process-worker"];
    const sorted = async (changes: Parameters<typeof spec>[0]) => touched(before, await change(changes)).sort();
    expect(await sorted({ power_state: "stopped" })).toEqual(processes);
    expect(await sorted({ restart_token: "again" })).toEqual(processes);
    expect(await sorted({ size: "large" })).toEqual(
      ["database-login-a", "database-login-b", "network-quota", "network-limits", ...processes].sort(),
    );
  });

  it("never lets go of a volume, and protects it (NH-05)", async () => {
    const { resources } = await runOnCluster();
    const claims = resources.filter(({ type }) => type === "kubernetes:core/v1:PersistentVolumeClaim");
    expect(claims.map(({ name }) => name)).toEqual(["compute-data", "compute-logs"]);
    for (const { type, protect } of resources) expect(protect).toBe(isStateful(type) ? true : undefined);
  });
});

describe("the front door", () => {
  it("has the deployment's host, TLS by the controller's default or by an issuer, and no await (TN-12)", async () => {
    const ingress = objectOf(await runOnCluster({ workload: workload(plain) }), "Ingress", "front-door");
    const host = "my-superset-abc123.apps.example.com";
    expect(ingress.spec).toEqual({
      ingressClassName: "traefik",
      tls: [{ hosts: [host] }],
      rules: [
        {
          host,
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 8080 } } } }],
          },
        },
      ],
    });
    const issued = await runOnCluster({ workload: workload(plain) }, { certificateIssuer: "letsencrypt" });
    expect(objectOf(issued, "Ingress", "front-door")).toMatchObject({
      metadata: { annotations: { "cert-manager.io/cluster-issuer": "letsencrypt" } },
      spec: { tls: [{ hosts: [host], secretName: "front-door-tls" }] },
    });
  });
});
