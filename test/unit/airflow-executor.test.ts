/** Where an Airflow runs its tasks: what a specification may say of it, and what follows from it (issue 5). */
import { describe, expect, it } from "vitest";
import { appMadePods } from "../../src/automation/targets/kubernetes/rollout.ts";
import { airflowExecutors, executorOf, executorRefusal } from "../../src/domain/airflow-executor.ts";
import { DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { changedSpec, newSpec, sameSpec } from "../../src/domain/spec-changes.ts";
import { placeFaults, specFaults } from "../../src/domain/spec-faults.ts";
import { apiServerAddress } from "../../src/kubernetes/own-address.ts";

describe("the executor", () => {
  it("of a specification that never named one is the local one, and naming that changes nothing (NH-05)", () => {
    const stored = { version: "3.3.2", size: "small", power_state: "running", airflow: { variables: { a: "b" } } };
    const spec = DeploymentSpec.parse(stored);
    expect(executorOf(spec)).toBe("local");
    expect(sameSpec(spec, changedSpec(spec, { airflow: { executor: "local" } }))).toBe(true);
    const other = changedSpec(spec, { airflow: { executor: "celery" } });
    expect([executorOf(other), sameSpec(spec, other)]).toEqual(["celery", false]);
    expect(sameSpec(spec, changedSpec(other, { airflow: { executor: "local" } }))).toBe(true);
  });

  it("stays when a change does not name it", () => {
    const spec = newSpec("airflow", { airflow: { executor: "kubernetes" } });
    expect(executorOf(changedSpec(spec, { airflow: { variables: { a: "b" } } }))).toBe("kubernetes");
    expect(executorOf(changedSpec(spec, { size: "large" }))).toBe("kubernetes");
  });

  it("is refused by a cluster that runs no pods, naming the field (ON-06)", () => {
    for (const executor of airflowExecutors) {
      expect(executorRefusal(executor, "kubernetes")).toBeUndefined();
      const spec = newSpec("airflow", { airflow: { executor } });
      const faults = placeFaults(spec, "local").map(({ pointer }) => pointer);
      expect(faults).toEqual(executor === "local" ? [] : ["/airflow/executor"]);
    }
  });

  it("decides which processes there are to scale, and takes the wish for others with it (ON-24)", () => {
    const workers = { replicas: { worker: 3 } };
    const faults = specFaults("airflow", newSpec("airflow", workers));
    expect(faults.map(({ pointer }) => pointer)).toEqual(["/replicas/worker"]);
    const celery = newSpec("airflow", {
      ...workers,
      replicas: { worker: 3, scheduler: 2 },
      airflow: { executor: "celery" },
    });
    expect(specFaults("airflow", celery)).toEqual([]);
    const back = changedSpec(celery, { airflow: { executor: "local" } });
    expect([back.replicas, specFaults("airflow", back)]).toEqual([{ scheduler: 2 }, []]);
  });
});

describe("the cluster's API server", () => {
  const answering = (items: object[]) => ({ raw: async () => ({ items }) });

  it("is where its Service leads: every address once, and the port of https (R9)", async () => {
    const slice = (addresses: string[]) => ({
      endpoints: addresses.map((address) => ({ addresses: [address] })),
      ports: [
        { name: "other", port: 1 },
        { name: "https", port: 6443 },
      ],
    });
    const found = await apiServerAddress(answering([slice(["10.0.0.2", "10.0.0.1"]), slice(["10.0.0.1", "fd00::1"])]));
    expect(found).toEqual({ addresses: ["10.0.0.1", "10.0.0.2", "fd00::1"], port: 6443 });
  });

  it("is told as a refusal where the Service names no address: nothing is opened wider instead (R9)", async () => {
    await expect(apiServerAddress(answering([{ endpoints: null, ports: null }]))).rejects.toMatchObject({
      reason: "refused",
      message: expect.stringContaining("'kubernetes'"),
    });
  });
});

describe("pods that an app made itself", () => {
  it("are those that live and belong to no Deployment and no Job: they alone are ended at a stop (ON-24)", () => {
    const owner = [{ kind: "ReplicaSet", name: "web", uid: "1" }];
    const pods = [
      { metadata: { name: "task" }, status: { phase: "Running" } },
      { metadata: { name: "ended" }, status: { phase: "Succeeded" } },
      { metadata: { name: "ending", deletionTimestamp: "2026-11-22T00:00:00Z" }, status: { phase: "Running" } },
      { metadata: { name: "scheduler", ownerReferences: owner }, status: { phase: "Running" } },
    ];
    expect(appMadePods(pods).map(({ metadata }) => metadata.name)).toEqual(["task", "ending"]);
  });
});
