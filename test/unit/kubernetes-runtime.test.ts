/** What is said of a deployment on a cluster, from what the cluster shows. */
import { describe, expect, it } from "vitest";
import { createHandover } from "../../src/kubernetes/handover.ts";
import { readLogLine, sinceTimeOf } from "../../src/kubernetes/log-line.ts";
import { mergeByNumber } from "../../src/kubernetes/log-past.ts";
import type { ContainerStatus, Deployment, Pod } from "../../src/kubernetes/objects.ts";
import { podUsage, quantity } from "../../src/kubernetes/pod-usage.ts";
import { processHealth } from "../../src/kubernetes/process-health.ts";

const deployment = (name: string, replicas: number): Deployment => ({
  metadata: { name, uid: `deployment-${name}`, generation: 1 },
  spec: { replicas },
  status: { observedGeneration: 1, updatedReplicas: replicas, replicas },
});

function pod(name: string, container: Partial<ContainerStatus>, changes: Partial<Pod> = {}): Pod {
  const own = { name: "web", ready: false, restartCount: 0, ...container };
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { "app.kubernetes.io/component": "web" },
    },
    status: { phase: "Running", containerStatuses: [own] },
    ...changes,
  };
}

const running = { running: { startedAt: "2026-01-01T00:00:05Z" } };
const ended = { exitCode: 137, reason: "OOMKilled" };
const view = (pods: Pod[]) => ({ deployments: [deployment("web", 2)], replicaSets: [], pods, events: [] });
const only = (one: Pod) => processHealth(view([one]))[0]?.replicas[0];

describe("health of pods (ON-35)", () => {
  it("says of a pod what it does, in the words of the local target", () => {
    const unreadySince = (moment: string) => ({
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: "False", lastTransitionTime: moment }],
        containerStatuses: [{ name: "web", ready: false, restartCount: 0, state: running }],
      },
    });
    const phases = [
      only(pod("a", { ready: true, state: running })),
      only(pod("a", {}, unreadySince("2026-01-01T00:00:01Z"))),
      only(pod("a", {}, unreadySince("2026-01-01T00:09:00Z"))),
      only(pod("a", { state: { waiting: { reason: "ContainerCreating" } } })),
      only(pod("a", { state: { waiting: { reason: "ImagePullBackOff" } }, image: "none:1" })),
      only(
        pod("a", {
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: ended },
          restartCount: 3,
        }),
      ),
      only(
        pod(
          "a",
          { ready: true, state: running },
          {
            metadata: {
              name: "a",
              deletionTimestamp: "2026-01-01T00:01:00Z",
              labels: { "app.kubernetes.io/component": "web" },
            },
          },
        ),
      ),
    ].map((replica) => replica?.phase);
    expect(phases).toEqual(["ready", "starting", "unready", "starting", "backoff", "backoff", "stopping"]);
  });

  it("says how a container ended, how often, and why it does not run", () => {
    const crashing = only(
      pod("a", {
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: ended },
        restartCount: 3,
      }),
    );
    expect(crashing).toMatchObject({ restarts: 3, lastExit: "out of memory", startedAt: null });
    expect(crashing?.reason).toContain("3 restarts");
  });

  it("names the quota that lets no pod be made, where there is no pod to look at", () => {
    const message = 'pods "web-1" is forbidden: exceeded quota: tight';
    const set = {
      metadata: { name: "web-1", ownerReferences: [{ kind: "Deployment", name: "web", uid: "deployment-web" }] },
      spec: {},
      status: { conditions: [{ type: "ReplicaFailure", status: "True", message }] },
    };
    const [web] = processHealth({ ...view([]), replicaSets: [set] });
    expect(web).toMatchObject({ wantedReplicas: 2, replicas: [{ replica: 0, phase: "backoff", reason: message }] });
  });

  it("numbers the copies by age and leaves out those that have ended for good", () => {
    const at = (name: string, creationTimestamp: string, phase: string) =>
      pod(
        name,
        { ready: true, state: running, restartCount: name.length },
        {
          metadata: { name, creationTimestamp, labels: { "app.kubernetes.io/component": "web" } },
          status: {
            phase,
            containerStatuses: [{ name: "web", ready: true, restartCount: name.length, state: running }],
          },
        },
      );
    const pods = [
      at("new", "2026-01-02T00:00:00Z", "Running"),
      at("a", "2026-01-01T00:00:00Z", "Running"),
      at("evicted", "2025-01-01T00:00:00Z", "Failed"),
    ];
    expect(processHealth(view(pods))[0]?.replicas.map(({ restarts }) => restarts)).toEqual([1, 3]);
  });
});

describe("lines of a cluster's logs (R1)", () => {
  it("have numbers made of their own time, whatever the node's time zone, that a reader goes on from", () => {
    const line = readLogLine("2026-11-22T00:45:04.123456789Z WARNING it is late");
    const same = readLogLine("2026-11-22T01:45:04.123456789+01:00 WARNING it is late");
    const later = readLogLine("2026-11-22T00:45:04.123456914Z and later");
    expect(line).toEqual({
      seq: same?.seq,
      atMilliseconds: Date.UTC(2026, 10, 22, 0, 45, 4, 123),
      text: "WARNING it is late",
    });
    expect((later?.seq ?? 0) - (line?.seq ?? 0)).toBe(1);
    expect(Number.isSafeInteger(line?.seq)).toBe(true);
    expect(sinceTimeOf(line?.seq ?? 0)).toBe("2026-11-22T00:45:04Z");
  });

  it("are told from a node's remarks, and may be empty", () => {
    expect(readLogLine("unable to retrieve container logs for containerd://1")).toBeUndefined();
    expect(readLogLine("2026-11-22T00:45:04.1Z ")?.text).toBe("");
  });

  it("of several pods come in one order", async () => {
    const source = async function* (...seqs: number[]) {
      for (const seq of seqs) yield { seq };
    };
    const merged: number[] = [];
    for await (const { seq } of mergeByNumber([source(1, 4, 5), source(), source(2, 3, 9)])) merged.push(seq);
    expect(merged).toEqual([1, 2, 3, 4, 5, 9]);
  });

  it("wait for a reader that is slow, and reach it before what went wrong", async () => {
    const lines = createHandover<number>(new AbortController().signal);
    const given = Array.from({ length: 1000 }, (_, index) => lines.give(index));
    let isHeldBack = true;
    void given.at(-1)?.then(() => {
      isHeldBack = false;
    });
    await given[0];
    expect(isHeldBack).toBe(true);
    lines.fail(new Error("gone"));
    const taken: number[] = [];
    const reading = (async () => {
      for await (const line of lines.taken()) taken.push(line);
    })();
    await expect(reading).rejects.toThrow("gone");
    expect(taken).toHaveLength(1000);
    await given.at(-1);
    expect(isHeldBack).toBe(false);
  });
});

describe("what pods use (P8)", () => {
  it("is the sum of a pod's containers, and unknown where nobody measured", () => {
    const usage = (cpu: string, memory: string) => ({ usage: { cpu, memory } });
    const measured = [{ metadata: { name: "a" }, containers: [usage("250m", "64Mi"), usage("1500000n", "1Ki")] }];
    const pods = [pod("a", { restartCount: 2 }), pod("b", {})];
    expect(podUsage(pods, measured)).toEqual([
      { process: "web", replica: 0, cpuPercent: 25.2, memoryBytes: 64 * 1024 ** 2 + 1024, restarts: 2 },
    ]);
  });

  it("is read from every quantity the cluster writes, and from nothing else", () => {
    expect(["0", "500m", "2", "1.5Gi", "3k"].map(quantity)).toEqual([0, 0.5, 2, 1.5 * 1024 ** 3, 3000]);
    expect(() => quantity("much")).toThrow("'much' is no quantity");
  });
});
