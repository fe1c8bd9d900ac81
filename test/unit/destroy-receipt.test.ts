/** What a destroy may call gone (NH-01): only what was looked for and not there. */
import { describe, expect, it } from "vitest";
import { lookUpLocally } from "../../src/automation/targets/local/look-up.ts";
import { findOwnedLocally, removeOwnedLocally } from "../../src/automation/targets/local/owned.ts";
import { refuseResidue, sweptItems } from "../../src/automation/worker/receipt.ts";
import { StepFailure } from "../../src/automation/worker/target-driver.ts";
import type { ReceiptItem } from "../../src/store/tables/stacks.ts";
import { createFakeSupervisor } from "../support/fake-supervisor.ts";

const id = "dep_550e8400-e29b-41d4-a716-446655440000";
const at = new Date("2026-01-01T00:00:00Z");
const line = (physicalId: string, found: ReceiptItem["found"]): ReceiptItem => ({
  ...{ urn: "u", type: "t", physical_id: physicalId, found, looked_up_by: "id", detail: "" },
});
const noServer = {
  in: () => Promise.reject(new Error("connection refused")),
};
const emptyServer = {
  // biome-ignore lint/suspicious/noExplicitAny: stands for a server that has nothing
  in: (_database: string | undefined, work: (client: any) => Promise<any>) =>
    work({ query: async () => ({ rows: [] }) }),
};

describe("the receipt's verdict", () => {
  it("passes what is absent or kept on purpose", () => {
    expect(() => refuseResidue([line("a", "absent"), line("b", "retained")], id)).not.toThrow();
  });

  it.each(["present", "unknown"] as const)(
    "refuses to call destroyed what is %s, lists it and says how to go on",
    (found) => {
      let refused: unknown;
      try {
        refuseResidue([line("a", "absent"), line("b", found)], id);
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(StepFailure);
      const { error } = refused as StepFailure;
      expect(error).toMatchObject({ code: "DESTROY_INCOMPLETE", residue: [{ physical_id: "b", found }] });
      expect(error.next_step).toContain(`onvera destroy ${id} --retry`);
    },
  );
});

describe("a look by the ownership mark", () => {
  it("that was not answered is unknown, that found nothing is absent, and what it found is named once", () => {
    const asked = { lookedUpBy: "probe", about: "things" };
    expect(sweptItems({ ...asked, failure: "no route" }, [], at)).toMatchObject([
      { found: "unknown", detail: "no route" },
    ]);
    expect(sweptItems({ ...asked, things: [] }, [], at)).toMatchObject([{ found: "absent", listed_by: "owner_mark" }]);
    const things = ["known", "lost"].map((physicalId) => ({ type: "t", physicalId, detail: "" }));
    expect(sweptItems({ ...asked, things }, [line("known", "present")], at)).toMatchObject([
      { physical_id: "lost", found: "present", urn: "", looked_up_at: at.toISOString() },
    ]);
  });

  it("does not take the record's word: what a record calls absent and the mark finds is present", () => {
    const things = [{ type: "t", physicalId: "back", detail: "" }];
    const swept = sweptItems({ lookedUpBy: "probe", about: "things", things }, [line("back", "absent")], at);
    expect(swept).toMatchObject([{ physical_id: "back", found: "present" }]);
  });
});

describe("this machine", () => {
  it("answers unknown, never absent, where nothing can be asked", async () => {
    const supervisor = createFakeSupervisor();
    const ask = (type: string) =>
      lookUpLocally({ admin: noServer, supervisor, benchFolder: "/nowhere" }, id, { urn: "u", type, physicalId: "x" });
    expect(await ask("postgresql:index/role:Role")).toMatchObject({ found: "unknown" });
    expect(await ask("aws:s3/bucket:Bucket")).toMatchObject({ found: "unknown" });
    expect(await ask("onvera:bench:Item")).toMatchObject({ found: "absent", lookedUpBy: "ledger file" });
    expect(await ask("random:index/randomPassword:RandomPassword")).toMatchObject({ found: "absent" });
    const [server] = await findOwnedLocally({ admin: noServer, supervisor }, id);
    expect(server).toMatchObject({ failure: "connection refused" });
  });

  it("finds and removes what the supervisor still has of the deployment", async () => {
    const supervisor = createFakeSupervisor();
    await supervisor.putDeployment(id);
    await supervisor.putRoute("a.localhost", { deploymentId: id, port: "web" });
    const found = async () =>
      (await findOwnedLocally({ admin: emptyServer, supervisor }, id)).flatMap((one) =>
        "things" in one ? one.things : [],
      );
    expect((await found()).map(({ physicalId }) => physicalId)).toEqual([id, "a.localhost"]);
    await removeOwnedLocally({ admin: emptyServer, supervisor }, id, async () => undefined);
    expect(await found()).toEqual([]);
  });
});
