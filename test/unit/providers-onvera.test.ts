import { describe, expect, it } from "vitest";
import { difference } from "../../src/providers/host/difference.ts";
import type { CallContext } from "../../src/providers/host/resource-handler.ts";
import { onveraPackage } from "../../src/providers/onvera/package.ts";
import { onveraTypes } from "../../src/providers/onvera/types.ts";
import { createFakeSupervisor } from "../support/fake-supervisor.ts";

const supervisor = createFakeSupervisor();
const { handlers } = onveraPackage({ supervisor, ledgerFolder: "/nonexistent" });
const handlerOf = (type: string) => {
  const handler = handlers.find((one) => one.type === type);
  if (handler === undefined) throw new Error(`No handler of ${type}`);
  return handler;
};
const context: CallContext = {
  urn: "urn:pulumi:dep_1::onvera::test::test",
  stackName: "dep_1",
  config: {},
  run: null,
  abandoned: new AbortController().signal,
};
const part = { deploymentId: "dep_1", name: "web", revision: "r1", digest: "one" };

describe("the onvera package", () => {
  it("serves every type the programs know", () => {
    expect(handlers.map(({ type }) => type).toSorted()).toEqual(Object.values(onveraTypes).toSorted());
  });

  it("touches a process, job or file only when its digest changes, not for a new revision", () => {
    for (const type of [onveraTypes.process, onveraTypes.job, onveraTypes.files]) {
      const handler = handlerOf(type);
      expect([...difference(handler, part, { ...part, revision: "r2" }).changes.keys()]).toEqual([]);
      const changed = difference(handler, part, { ...part, revision: "r2", digest: "two" });
      expect([...changed.changes.keys()]).toEqual(["digest"]);
      expect(changed.replaces).toEqual([]);
    }
  });

  it("fails a job's create with its exit code and last lines", async () => {
    supervisor.failingJobs.add("migrate");
    const job = { ...part, name: "migrate" };
    await expect(handlerOf(onveraTypes.job).create(job, context)).rejects.toThrow(
      /Job migrate ended with exit code 1\./,
    );
    supervisor.failingJobs.delete("migrate");
    const created = await handlerOf(onveraTypes.job).create(job, context);
    expect(created).toMatchObject({ id: "dep_1/migrate", outputs: { exitCode: 0 } });
  });

  it("keeps secrets secret, and answers only the ports a resource asked for", async () => {
    expect(handlerOf(onveraTypes.secrets).secrets).toEqual(["secrets"]);
    await supervisor.putPorts("dep_1", ["web-1"]);
    const ports = await handlerOf(onveraTypes.ports).create({ deploymentId: "dep_1", names: ["web"] }, context);
    expect(Object.keys(ports.outputs.ports as object)).toEqual(["web"]);
  });

  it("finds what exists by its id alone, and nothing where nothing is (NH-03)", async () => {
    await handlerOf(onveraTypes.process).create(part, context);
    expect(await handlerOf(onveraTypes.process).read("dep_1/web", null, context)).toMatchObject({
      inputs: { deploymentId: "dep_1", name: "web" },
    });
    expect(await handlerOf(onveraTypes.process).read("dep_1/none", null, context)).toBeNull();
    expect(await handlerOf(onveraTypes.identity).read("dep_2", null, context)).toBeNull();
  });
});
