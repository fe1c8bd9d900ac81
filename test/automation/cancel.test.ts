/** Cancel of a running operation: two phases, and `canceled` only when its process is gone (TN-11). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestCancel } from "../../src/automation/operations/cancel.ts";
import { readStackState } from "../../src/automation/recovery/state-reader.ts";
import { readStackLocks } from "../../src/automation/recovery/state-rows.ts";
import { processIdentity } from "../../src/local/process-identity.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { testActor } from "../support/control-plane-rows.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let plane: ControlPlane;
let hold: { name: string; reached: () => void; release: Promise<void> } | undefined;

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server, {
    atPoint: async (point, { urn }) => {
      if (hold === undefined || point !== "before-call" || !urn.endsWith(`::${hold.name}`)) return;
      hold.reached();
      await hold.release;
    },
  });
});
afterAll(async () => {
  await plane?.stop();
  await server?.stop();
});

/** Holds the named resource's create until `go`. */
function holdCreate(name: string) {
  let go: () => void = () => undefined;
  const there = new Promise<void>((reached) => {
    hold = {
      name,
      reached,
      release: new Promise((resolve) => {
        go = resolve;
      }),
    };
  });
  return {
    there,
    go: () => {
      hold = undefined;
      go();
    },
  };
}

const cancel = (id: string) => plane.store.asPlatform((db) => requestCancel(db, id, testActor));
const deployment = (id: string) =>
  plane.store.asPlatform((db) =>
    db.selectFrom("deployments").selectAll().where("id", "=", id).executeTakeFirstOrThrow(),
  );

describe("cancel of a running create", () => {
  it("lets the running step finish, saves it, and then is canceled with its process gone (TN-11)", async () => {
    const worker = await plane.startWorker();
    const held = holdCreate("item-0");
    const { deploymentId, operation } = await plane.deploy({ bench_resources: 2 });
    await held.there;
    const running = await plane.until(operation.id, ({ process: record }) => record?.pid !== record?.processGroup);
    await cancel(operation.id);
    expect((await plane.until(operation.id, ({ message }) => message === "Canceling")).status).toBe("running");
    held.go();
    const ended = await plane.ended(operation.id);
    expect(ended.status).toBe("canceled");
    expect(ended.result).toMatchObject({ resources: "kept", next_step: `Remove it: onvera destroy ${deploymentId}` });
    expect(await processIdentity(running.process?.pid ?? 0)).not.toBe(running.process?.startTime);
    const state = await readStackState(plane.store, deploymentId);
    expect(state?.resources.map(({ urn }) => urn.split("::").at(-1))).toContain("item-0");
    expect(state?.pending).toEqual([]);
    expect(await readStackLocks(plane.store, deploymentId)).toEqual([]);
    const row = await deployment(deploymentId);
    expect(row.status).toBe("failed");
    expect(row.conditions).toMatchObject([{ type: "canceled" }]);

    const destroyed = await plane.ended((await plane.destroy(deploymentId)).id);
    expect(destroyed.status).toBe("succeeded");
    expect((await deployment(deploymentId)).status).toBe("destroyed");
    await worker.stop();
  });

  it("ends the process group after the grace period when a step does not finish", async () => {
    const worker = await plane.startWorker({ timings: { cancelGraceSeconds: 1 } });
    const held = holdCreate("item-0");
    const { deploymentId, operation } = await plane.deploy({ bench_resources: 1 });
    await held.there;
    const running = await plane.until(operation.id, ({ process: record }) => record?.pid !== record?.processGroup);
    await cancel(operation.id);
    // The provider host's step outlives the killed CLI; the operation does not end before it does.
    const gone = (async () => {
      while ((await processIdentity(running.process?.pid ?? 0)) === running.process?.startTime) await immediate();
    })();
    await gone;
    held.go();
    expect((await plane.ended(operation.id)).status).toBe("canceled");
    const destroyed = await plane.ended((await plane.destroy(deploymentId)).id);
    expect(destroyed.error).toBeNull();
    expect(destroyed.status).toBe("succeeded");
    await worker.stop();
  });
});

const immediate = () => new Promise((resolve) => setImmediate(resolve));

describe("cancel of a running update", () => {
  it("goes back to what ran before and leaves the deployment ready with a condition (TN-3, TN-11)", async () => {
    const worker = await plane.startWorker();
    const { deploymentId, operation } = await plane.deploy({ bench_resources: 1 });
    await plane.ended(operation.id);
    const held = holdCreate("item-1");
    const update = await plane.change(deploymentId, "deployment.update", { bench_resources: 2 });
    await held.there;
    await cancel(update.id);
    await plane.until(update.id, ({ message }) => message === "Canceling");
    held.go();
    const ended = await plane.ended(update.id);
    expect(ended).toMatchObject({ status: "canceled", result: { resources: "rolled_back" } });
    expect((await cancel(update.id))?.operation.status).toBe("canceled");
    const row = await deployment(deploymentId);
    expect(row).toMatchObject({ status: "ready", applied_revision: 1, wanted_revision: 1 });
    expect(row.conditions).toMatchObject([{ type: "update_failed", reason: "CANCELED" }]);
    const state = await readStackState(plane.store, deploymentId);
    expect(state?.resources.map(({ urn }) => urn.split("::").at(-1))).not.toContain("item-1");
    await worker.stop();
  });
});
