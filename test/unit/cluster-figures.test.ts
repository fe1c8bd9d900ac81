/** Figures of a whole cluster: what is kept of which pod, and how little a cluster that is away costs the others (P8). */
import { describe, expect, it } from "vitest";
import { createClusterRounds } from "../../src/automation/metrics/cluster-rounds.ts";
import { podReadings } from "../../src/automation/metrics/pod-readings.ts";
import type { Pod } from "../../src/kubernetes/objects.ts";
import { processCopies } from "../../src/kubernetes/process-copies.ts";

const pod = (namespace: string, name: string, changes: { keeper?: string; at?: string; phase?: string } = {}): Pod => ({
  metadata: {
    name,
    namespace,
    creationTimestamp: changes.at ?? "2026-01-01T00:00:00Z",
    labels: { "app.kubernetes.io/component": "web" },
    ownerReferences: [{ kind: changes.keeper ?? "ReplicaSet", name: "web-1", uid: "set" }],
  },
  status: {
    phase: changes.phase ?? "Running",
    containerStatuses: [{ name: "web", ready: true, restartCount: 2 }],
  },
});

const measured = (namespace: string, name: string, cpu: string, memory: string) => ({
  metadata: { namespace, name },
  containers: [{ usage: { cpu, memory } }],
});

describe("what is kept of a cluster's pods (P8)", () => {
  it("is CPU, memory and restarts of each copy of a process, by namespace; of Jobs, tasks and ended pods nothing", () => {
    const task = pod("ov-a", "task");
    const pods = [
      pod("ov-a", "web-new", { at: "2026-01-02T00:00:00Z" }),
      pod("ov-a", "web-old"),
      pod("ov-a", "init", { keeper: "Job" }),
      { ...task, metadata: { ...task.metadata, ownerReferences: [] } },
      pod("ov-a", "evicted", { phase: "Failed" }),
      pod("ov-b", "web-old", { keeper: "StatefulSet" }),
    ];
    const usage = [
      measured("ov-a", "web-old", "250m", "64Mi"),
      measured("ov-b", "web-old", "1", "1Ki"),
      measured("ov-a", "init", "1", "1Gi"),
      measured("elsewhere", "web-new", "1", "1Gi"),
    ];
    const readings = podReadings(processCopies(pods), usage);
    expect([...readings.keys()]).toEqual(["ov-a", "ov-b"]);
    expect(Object.fromEntries(readings.get("ov-a") ?? [])).toEqual({
      "cpu_percent web 0": 25,
      "memory_bytes web 0": 64 * 2 ** 20,
      "restarts web 0": 2,
      "cpu_percent web 1": null,
      "memory_bytes web 1": null,
      "restarts web 1": 2,
    });
    expect(readings.get("ov-b")?.get("cpu_percent web 0")).toBe(100);
  });

  it("is nothing of what a cluster makes up: no quantity, no number a column could not hold, no end of pods", () => {
    const pods = [pod("ov-a", "odd"), pod("ov-a", "vast", { at: "2026-01-02T00:00:00Z" })];
    const usage = [measured("ov-a", "odd", "much", "64Mi"), measured("ov-a", "vast", "1", `${"9".repeat(60)}Ti`)];
    const readings = podReadings(processCopies(pods), usage).get("ov-a");
    expect([readings?.get("cpu_percent web 0"), readings?.get("memory_bytes web 0")]).toEqual([null, null]);
    expect([readings?.get("cpu_percent web 1"), readings?.get("memory_bytes web 1")]).toEqual([100, null]);
    const flood = Array.from({ length: 5000 }, (_, index) => pod("ov-a", `web-${index}`));
    expect(podReadings(processCopies(flood), []).get("ov-a")?.size).toBe(300);
  });
});

describe("clusters that are sampled (R1)", () => {
  const there = ["well", "away"].map((id) => ({ id, name: id }));

  it("one that does not answer holds no other up, is asked less often, and is told of once until it answers again", async () => {
    let moment = 0;
    const said: string[] = [];
    const asked: string[] = [];
    let answers = false;
    let isAnothers = false;
    let clusters = there;
    const rounds = createClusterRounds({
      clusters: async () => clusters,
      samplerOf: ({ id }) => ({
        async sample() {
          asked.push(`${id} ${moment}`);
          if (id === "away" && !answers) throw new Error("nothing listens there");
          return !isAnothers;
        },
        stop: async () => undefined,
      }),
      log: {
        info: (fields, message) => void said.push(`${fields.cluster} ${message}`),
        warn: (fields, message) => void said.push(`${fields.cluster} ${message} ${fields.error}`),
      },
      now: () => moment,
    });
    for (; moment < 600_000; moment += 15_000) await rounds.sample();
    const momentsOf = (id: string) => asked.filter((one) => one.startsWith(id)).map((one) => Number(one.split(" ")[1]));
    expect(momentsOf("well")).toHaveLength(40);
    expect(momentsOf("away")).toEqual([0, 30_000, 75_000, 165_000, 330_000]);
    expect(said).toEqual([
      "away The figures of its deployments could not be read. It is asked again with growing pauses. Error: nothing listens there",
    ]);
    [answers, isAnothers] = [true, true];
    for (; moment < 900_000; moment += 15_000) await rounds.sample();
    expect(said).toHaveLength(1);
    isAnothers = false;
    for (; moment < 1_200_000; moment += 15_000) await rounds.sample();
    expect(said).toHaveLength(2);
    expect(said[1]).toBe("away The figures of its deployments are kept again");
    expect(momentsOf("away").at(-1)).toBe(1_185_000);
    clusters = [];
    asked.length = 0;
    await rounds.sample();
    expect(asked).toEqual([]);
  });

  it("one that is slow is not asked twice at a time, and the others go on meanwhile", async () => {
    const asked: string[] = [];
    let answer = () => {};
    const slow = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const rounds = createClusterRounds({
      clusters: async () => there,
      samplerOf: ({ id }) => ({
        async sample() {
          asked.push(id);
          if (id === "away") await slow;
          return true;
        },
        stop: async () => undefined,
      }),
      log: { info: () => undefined, warn: () => undefined },
    });
    const first = rounds.sample();
    await new Promise(setImmediate);
    await rounds.sample();
    expect(asked).toEqual(["well", "away", "well"]);
    answer();
    await first;
  });
});
