/** Following a list through what an API server does to its watchers, and how long one is waited for. */
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createTroubleClock, graceSeconds } from "../../src/automation/targets/kubernetes/give-up.ts";
import { stuckMessage } from "../../src/automation/targets/kubernetes/namespace-end.ts";
import { rolloutVerdict } from "../../src/automation/targets/kubernetes/rollout.ts";
import { ClusterFailure } from "../../src/kubernetes/failure.ts";
import { followList } from "../../src/kubernetes/follow-list.ts";
import type { Deployment, Pod } from "../../src/kubernetes/objects.ts";
import { createPatience } from "../../src/kubernetes/patience.ts";
import { podTrouble } from "../../src/kubernetes/pod-trouble.ts";

const pod = (name: string, version: string) => ({ metadata: { name, uid: name, resourceVersion: version } });
const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

/** Follows until the last answer was given; tells what was asked and what was seen. */
async function follow(lists: (object | Error)[], watches: (string[] | Error)[]) {
  const over = new AbortController();
  const asked: string[] = [];
  const seen: string[][] = [];
  await followList(
    {
      async raw(_doing, { path }) {
        asked.push(path);
        const answer = lists.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async stream(_doing, { path }) {
        asked.push(path);
        const answer = watches.shift();
        if (answer instanceof Error) throw answer;
        if (answer !== undefined) return Readable.from(answer);
        over.abort();
        return Readable.from([]);
      },
    },
    {
      what: "pods",
      path: "/api/v1/pods",
      signal: over.signal,
      patience: createPatience(),
      onChange: (items) => void seen.push([...items.keys()]),
    },
  );
  const versions = asked.map((path) => new URLSearchParams(path.split("?")[1]).get("resourceVersion"));
  return { seen, versions };
}

const list = (version: string, ...items: object[]) => ({ metadata: { resourceVersion: version }, items });

describe("a list that is followed (R1)", () => {
  it("goes on from the last version it saw, bookmarks among them, when a watch ends", async () => {
    const { seen, versions } = await follow(
      [list("1", pod("a", "1"))],
      [[line("ADDED", pod("b", "2")), line("BOOKMARK", pod("", "7"))], [line("DELETED", pod("a", "9"))]],
    );
    expect(seen).toEqual([["a"], ["a", "b"], ["b"]]);
    expect(versions).toEqual([null, "1", "7", "9"]);
  });

  it.each([
    ["in the watch", [line("ERROR", { metadata: {}, code: 410 })]],
    ["as the answer", new ClusterFailure("failed", "gone", { status: 410 })],
  ])("is listed again when its version is too old, said %s", async (_where, old) => {
    const { seen, versions } = await follow([list("1", pod("a", "1")), list("5", pod("c", "5"))], [old]);
    expect(seen).toEqual([["a"], ["c"]]);
    expect(versions).toEqual([null, "1", null, "5"]);
  });

  it("outlasts an API server that is away and one that lets nobody in for a moment", async () => {
    const { seen } = await follow(
      [new ClusterFailure("unreachable", "away"), list("1", pod("a", "1"))],
      [new ClusterFailure("forbidden", "not yet", { status: 403 }), [line("ADDED", pod("b", "2"))]],
    );
    expect(seen).toEqual([["a"], ["a", "b"]]);
  });

  it("ends at once with what waiting does not mend", async () => {
    await expect(follow([new ClusterFailure("invalid", "no such list", { status: 400 })], [])).rejects.toThrow(
      "no such list",
    );
  });
});

describe("patience with a cluster", () => {
  it("ends when a trouble has lasted too long, and begins anew after a good answer", async () => {
    const { signal } = new AbortController();
    const trouble = new ClusterFailure("unauthorized", "expired", { status: 401 });
    const told: string[] = [];
    const patience = createPatience(({ message }) => void told.push(message), { unauthorized: 0.01 });
    await patience.bad(trouble, signal);
    await expect(patience.bad(trouble, signal)).rejects.toBe(trouble);
    patience.good();
    await patience.bad(trouble, signal);
    expect(told).toEqual(["expired", "expired"]);
  });

  it("gives an API server that comes back the time of each trouble by itself: it refuses, for a moment, those it lets in afterwards (R1)", async () => {
    const { signal } = new AbortController();
    const away = new ClusterFailure("unreachable", "away");
    const refused = new ClusterFailure("forbidden", "not yet", { status: 403 });
    const patience = createPatience(() => undefined, { unreachable: 10, forbidden: 0.1 });
    await patience.bad(away, signal);
    await patience.bad(refused, signal);
    await expect(patience.bad(refused, signal)).rejects.toBe(refused);
  });
});

describe("what a pod's status says", () => {
  const status = (containerStatus: object): Pod => ({
    metadata: { name: "web-1", uid: "1" },
    status: {
      phase: "Running",
      containerStatuses: [{ name: "web", ready: false, restartCount: 0, ...containerStatus }],
    },
  });
  it.each([
    ["image-missing", { image: "a:1", state: { waiting: { reason: "ImagePullBackOff" } } }],
    ["cannot-be-made", { state: { waiting: { reason: "CreateContainerConfigError", message: "no secret" } } }],
    [
      "crashes",
      {
        restartCount: 1,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 1 } },
      },
    ],
    [
      "crashes",
      { restartCount: 2, state: { running: {} }, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
    ],
    ["not-ready", { state: { running: {} } }],
  ])("is %s", (kind, containerStatus) => {
    expect(podTrouble(status(containerStatus))?.kind).toBe(kind);
  });

  it("is a node that is gone where the control plane takes a pod's readiness away and its containers stay as they were", () => {
    const conditions = (ready: string, containers: string) => [
      { type: "Ready", status: ready },
      { type: "ContainersReady", status: containers },
    ];
    const told = (ready: string, containers: string) =>
      podTrouble({ metadata: { name: "a" }, status: { phase: "Running", conditions: conditions(ready, containers) } });
    expect(told("False", "True")?.kind).toBe("node-gone");
    expect(told("True", "True")).toBeUndefined();
  });

  it("is nothing for a pod that is ready, on its way, going or done", () => {
    expect(podTrouble(status({ ready: true, state: { running: {} } }))).toBeUndefined();
    expect(podTrouble(status({ state: { waiting: { reason: "ContainerCreating" } } }))).toBeUndefined();
    expect(podTrouble({ metadata: { name: "a", deletionTimestamp: "now" } })).toBeUndefined();
    expect(podTrouble({ metadata: { name: "a" }, status: { phase: "Succeeded" } })).toBeUndefined();
  });
});

describe("a rollout's verdict (TN-3)", () => {
  const deployment = (status: Deployment["status"]): Deployment => ({
    metadata: { name: "web", uid: "d", generation: 2 },
    spec: { replicas: 1 },
    ...(status && { status }),
  });
  const view = (status: Deployment["status"]) => ({
    deployments: [deployment(status)],
    replicaSets: [],
    pods: [],
    jobs: [],
    events: [],
  });
  const whole = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };

  it("is ready only for the newest revision, whole, with nothing of an older one left", () => {
    expect(rolloutVerdict(view(whole), ["web"]).state).toBe("ready");
    expect(rolloutVerdict(view({ ...whole, observedGeneration: 1 }), ["web"]).state).toBe("waiting");
    expect(rolloutVerdict(view({ ...whole, replicas: 2 }), ["web"]).state).toBe("waiting");
    expect(rolloutVerdict(view(whole), ["web", "worker"]).state).toBe("waiting");
  });

  it("gives up on a trouble that lasts, not on one that comes and goes", () => {
    let now = 0;
    const clock = createTroubleClock(() => now);
    const trouble = { kind: "quota" as const, process: "web", message: "full" };
    expect(clock.tooLong([trouble])).toBeUndefined();
    now += graceSeconds.quota * 1000 - 1;
    expect(clock.tooLong([])).toBeUndefined();
    expect(clock.tooLong([trouble])).toBeUndefined();
    now += graceSeconds.quota * 1000;
    expect(clock.tooLong([trouble])).toBe(trouble);
  });
});

it("a namespace that stays is told with the cluster's words and its own finalizers", () => {
  const namespace = {
    metadata: { name: "ov-1", finalizers: ["example.com/own"] },
    status: {
      phase: "Terminating",
      conditions: [{ type: "NamespaceFinalizersRemaining", status: "True", message: "x in 1 resource" }],
    },
  };
  expect(stuckMessage("ov-1", namespace)).toMatch(/ov-1 stays Terminating.*x in 1 resource.*example\.com\/own/);
});
