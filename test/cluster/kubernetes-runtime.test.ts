/** How deployments on a real cluster are looked at: health, logs across restarts, figures. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseKubeconfig } from "../../src/domain/cluster-access.ts";
import { newId } from "../../src/domain/ids.ts";
import { DEPLOYMENT_LABEL, kubernetesLabels, namespaceName } from "../../src/domain/kubernetes-names.ts";
import { connect } from "../../src/kubernetes/client.ts";
import { createKubernetesRuntime } from "../../src/main/kubernetes-runtime.ts";
import type { LogRequest, RuntimeReader, RuntimeTarget } from "../../src/server/runtime-reader.ts";
import type { LogLineView } from "../../src/server/schemas/runtime.ts";
import { process } from "../support/cluster/driven-deployment.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { until } from "../support/until.ts";

const id = newId("deployment");
const namespace = namespaceName(id);
const SECRET = "tell-nobody-this";
const target: RuntimeTarget = {
  deploymentId: id,
  clusterKind: "kubernetes",
  node: null,
  environmentId: newId("environment"),
  appType: "superset",
  url: "https://looked-at.apps.localhost",
};

/** Says who it is, counts, and ends badly when it is asked to end. */
const talker = `trap 'end=1' TERM; echo "start key=${SECRET}"; n=0; while [ -z "$end" ]; do n=$((n+1)); echo "WARNING line $n"; sleep 0.2; done; echo last; exit 3`;

let cluster: RunningCluster;
let runtime: RuntimeReader;
let closed = () => {};
const over = new AbortController();
const kubectl = (...args: string[]) => cluster.kubectl(["--namespace", namespace, ...args]);

/** As the program renders it: its labels say which process a pod is of. */
function labelled(name: string, command: string[]) {
  const { spec, ...rest } = process(name, command);
  const labels = kubernetesLabels({ deploymentId: id, app: "superset" }, name);
  const template = { ...spec.template, metadata: { labels: { ...spec.template.metadata.labels, ...labels } } };
  return { ...rest, metadata: { name, labels }, spec: { ...spec, template } };
}

beforeAll(async () => {
  cluster = await testCluster();
  const client = await connect(parseKubeconfig(cluster.kubeconfig));
  closed = () => client.close();
  runtime = createKubernetesRuntime(async () => ({ cluster: "rig", client, ingressAddress: null }));
  const labels = { [DEPLOYMENT_LABEL]: id };
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "app-secrets", namespace },
      stringData: { secret_key: SECRET },
    },
    ...[
      labelled("talker", ["sh", "-c", talker]),
      labelled("crasher", ["sh", "-c", "echo cannot; exit 7"]),
      labelled("quiet", ["sleep", "3600"]),
    ].map((one) => ({ ...one, metadata: { ...one.metadata, namespace } })),
  ];
  await cluster.kubectl(
    ["apply", "--server-side", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items }),
  );
  await kubectl("wait", "--for=condition=Available", "deployment/talker", "deployment/quiet", "--timeout=90s");
});
afterAll(async () => {
  over.abort();
  closed();
  await cluster?.kubectl(["delete", "namespace", namespace, "--wait=false", "--ignore-not-found"]);
});

async function read(request: Partial<LogRequest>): Promise<LogLineView[]> {
  const lines: LogLineView[] = [];
  const whole = { tail: 200, follow: false, signal: over.signal, ...request };
  for await (const line of runtime.logs(target, whole)) lines.push(line);
  return lines;
}

/** Follows in the background. */
function follow(request: Partial<LogRequest>) {
  const lines: LogLineView[] = [];
  const stop = new AbortController();
  const ended = (async () => {
    const signal = AbortSignal.any([stop.signal, over.signal]);
    for await (const line of runtime.logs(target, { tail: 0, follow: true, ...request, signal })) lines.push(line);
  })();
  const has = (text: string) =>
    until(async () => lines.some((line) => line.text === text), `the follower sees '${text}'`, 60);
  const end = () => {
    stop.abort();
    return ended;
  };
  return { lines, has, end };
}

describe("a deployment on a cluster that is looked at (ON-35, R1)", () => {
  it("tells of each process how it is, and why one keeps ending", async () => {
    let health = await runtime.health(target);
    const crasher = () => health.processes.find(({ name }) => name === "crasher")?.replicas[0];
    await until(
      async () => {
        health = await runtime.health(target);
        return crasher()?.phase === "backoff" && (crasher()?.restarts ?? 0) > 0;
      },
      "the crashing process is in backoff",
      60,
    );
    expect(crasher()).toMatchObject({ phase: "backoff", last_exit: "exit code 7" });
    expect(crasher()?.reason).toContain("exit code 7");
    const talking = health.processes.find(({ name }) => name === "talker");
    expect(talking).toMatchObject({
      wanted_replicas: 1,
      replicas: [{ replica: 0, phase: "ready", restarts: 0, last_exit: null, reason: null }],
    });
    expect(talking?.replicas[0]?.started_at).toMatch(/^\d{4}-.*Z$/);
    expect(health.status).toBe("unhealthy");
    expect(health.front_door).toMatchObject({ ok: false, checked_at: expect.any(String) });
  }, 120_000);

  it("gives a log past and live, across a container's restart and a new pod, without doubles and without secrets (R9)", async () => {
    const first = await read({ process: "talker", tail: "all" });
    expect(first[0]).toMatchObject({ text: "start key=[secret]", process: "talker", replica: 0, stream: null });
    const live = follow({ process: "talker", after: first[0]?.seq, tail: 200 });
    await live.has("WARNING line 3");
    const pod = await kubectl("get", "pods", "-l", "app=talker", "-o", "name");
    await kubectl("exec", pod.trim(), "--", "kill", "1");
    await live.has("last");
    await live.has("start key=[secret]");
    await kubectl("delete", pod.trim(), "--wait=false");
    const starts = () => live.lines.filter(({ text }) => text === "start key=[secret]").length;
    await until(async () => starts() === 2, "the follower sees the new pod's start", 60);
    await live.end();
    const seqs = live.lines.map(({ seq, replica }) => `${replica} ${seq}`);
    expect(new Set(seqs).size).toBe(seqs.length);
    const numbered = live.lines.slice(
      0,
      live.lines.findIndex(({ text }) => text === "last"),
    );
    expect(numbered.map(({ text }) => text)).toEqual(numbered.map((_, index) => `WARNING line ${index + 1}`));
    const whole = await read({ process: "talker", filter: { level: "warning", contains: "LINE 2" }, tail: 1 });
    expect(whole).toHaveLength(1);
    expect(whole[0]?.text).toMatch(/^WARNING line 2/);
  }, 180_000);

  it("gives what a container wrote before it was started again", async () => {
    const lines = await read({ process: "crasher" });
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every(({ text }) => text === "cannot")).toBe(true);
    expect(new Set(lines.map(({ process }) => process))).toEqual(new Set(["crasher"]));
  });

  it("gives what the pods use, and nothing that nobody measured", async () => {
    let names: string[] = [];
    await until(
      async () => {
        const metrics = await runtime.metrics(target);
        names = metrics.processes.map(({ name }) => name);
        const quiet = metrics.processes.find(({ name }) => name === "quiet");
        if (quiet === undefined) return false;
        expect(quiet).toMatchObject({ replica: 0, cpu_seconds: null, restarts: 0 });
        expect(quiet.memory_bytes).toBeGreaterThan(0);
        expect(metrics.gateway).toBeNull();
        return true;
      },
      "the cluster has measured the quiet process",
      90,
    );
    expect(names).toContain("quiet");
  }, 120_000);

  it("says of a cluster that does not answer what, why and what next", async () => {
    const { certificateAuthority } = parseKubeconfig(cluster.kubeconfig);
    const client = await connect({ server: "https://127.0.0.1:1", certificateAuthority, token: "none" });
    const away = createKubernetesRuntime(async () => ({ cluster: "gone", client, ingressAddress: null }));
    const asked = away.health(target);
    await expect(asked).rejects.toMatchObject({ name: "RuntimeUnavailable" });
    await expect(asked).rejects.toThrow(/'gone' cannot be asked.*nothing listens there.*onvera clusters check gone/);
    client.close();
  });
});
