/** Step 1 of a destroy goes no further before a request to the app is denied (ON-46, NH-11). */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { OperationRun } from "../../src/automation/worker/operation-run.ts";
import { revokeAccess } from "../../src/automation/worker/revoke-step.ts";
import { type AccessRig, startAccessRig } from "../support/access-rig.ts";
import { testActor } from "../support/control-plane-rows.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let rig: AccessRig;

beforeAll(async () => {
  server = await startScratchPostgres();
  rig = await startAccessRig(server);
  await rig.join("owner");
});
afterAll(async () => {
  await rig?.stop();
  await server?.stop();
});

const people = (deploymentId: string) =>
  rig.store.asPlatform((db) =>
    db.selectFrom("app_people").select("role").where("deployment_id", "=", deploymentId).execute(),
  );
const closedAt = async (deploymentId: string) =>
  rig.store.asPlatform((db) =>
    db.selectFrom("access_syncs").select("closed_at").where("deployment_id", "=", deploymentId).executeTakeFirst(),
  );

/** What the step is given; `answers` is what the public address says, ask by ask, and the last for ever. */
async function runOf(answers: boolean[]) {
  const deploymentId = await rig.deployApp();
  await rig.until(async () => (await rig.syncs(deploymentId)).some(({ status }) => status === "succeeded"));
  const asked: string[] = [];
  const run = {
    store: rig.store,
    context: { identity: { deploymentId }, wanted: {}, operation: { requested_by: testActor } },
    driver: {
      revokeAccess: async () => {
        asked.push("revoke");
      },
      answersPublicly: async () => {
        asked.push("ask");
        return answers.length > 1 ? answers.shift() === true : answers[0] === true;
      },
    },
    io: { signal: new AbortController().signal, say: () => undefined },
    showPhase: () => undefined,
    deploymentContext: async () => ({}),
  };
  return { deploymentId, asked, run: run as unknown as OperationRun };
}

describe("the first step of a destroy", () => {
  it("asks the public address until the app does not answer there, then records that nobody is in", async () => {
    await rig.work();
    const { deploymentId, asked, run } = await runOf([true, true, false]);
    expect(await people(deploymentId)).toEqual([{ role: "Admin" }]);
    await revokeAccess(run);
    expect(asked).toEqual(["revoke", "ask", "ask", "ask"]);
    expect(await people(deploymentId)).toEqual([{ role: null }]);
    expect((await closedAt(deploymentId))?.closed_at).toBeInstanceOf(Date);
  });

  it("fails while the app still answers, with nobody recorded as gone", async () => {
    const { deploymentId, run } = await runOf([true]);
    let minutes = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => minutes++ * 61_000);
    await expect(revokeAccess(run)).rejects.toMatchObject({ error: { code: "ACCESS_STILL_OPEN", retryable: true } });
    clock.mockRestore();
    expect(await people(deploymentId)).toEqual([{ role: "Admin" }]);
    expect((await closedAt(deploymentId))?.closed_at).toBeNull();
  });
});
