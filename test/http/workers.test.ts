/** Workers by the API: draining is a wish that the worker hears of, recorded, and the operator's alone (NH-15). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markWorker } from "../../src/automation/worker/leases.ts";
import { listen } from "../../src/automation/worker/notifications.ts";
import { newId } from "../../src/domain/ids.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { addWorker } from "../support/worker-hand.ts";

let server: TestServer;
let key: string;
let organizationId: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId } = await server.addOrganization());
  const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
  ({ key } = await server.addKey({ organizationId, userId }));
});
afterAll(() => server.close());

const ask = (id: string, verb: "drain" | "resume") => server.call("POST", `/api/v1/workers/${id}/${verb}`, { key });
const shown = async (id: string) =>
  (await server.call("GET", "/api/v1/workers", { key })).body.data.items.find((one: { id: string }) => one.id === id);

const stateWhen = async (id: string, marks: Parameters<typeof markWorker>[2]) => {
  await markWorker(server.store, id, marks);
  return (await shown(id)).state;
};

describe("draining a worker", () => {
  it("tells the worker, and goes from running over draining to drained and back", async () => {
    const id = await addWorker(server.store);
    const heard: string[] = [];
    const notices = listen(server.store.connectionString, ["onvera_worker"], (_, payload) => {
      if (payload !== undefined) heard.push(payload);
    });
    try {
      await expect.poll(async () => (await ask(id, "drain")).body.data.state && heard.includes(id)).toBe(true);
      expect(await shown(id)).toMatchObject({ state: "draining", operations: 0 });
      expect(await stateWhen(id, { draining_since: new Date() })).toBe("drained");
      expect((await ask(id, "resume")).body.data).toMatchObject({ drain_requested_at: null });
      expect(await stateWhen(id, { draining_since: null })).toBe("running");
    } finally {
      await notices.close();
    }
  });

  it("keeps the time of the first wish, and is recorded for the installation each time", async () => {
    const id = await addWorker(server.store);
    const first = (await ask(id, "drain")).body.data.drain_requested_at;
    expect((await ask(id, "drain")).body.data.drain_requested_at).toBe(first);
    await ask(id, "resume");
    const lines = await server.store.asPlatform((db) =>
      db.selectFrom("audit_events").selectAll().where("target_id", "=", id).orderBy("seq").execute(),
    );
    expect(lines.map(({ action, organization_id }) => [action, organization_id])).toEqual([
      ["worker.drain", null],
      ["worker.drain", null],
      ["worker.resume", null],
    ]);
  });

  it("is refused for one that is not there or has ended, with the next step", async () => {
    for (const id of [newId("worker"), "no-id"]) {
      expect((await ask(id, "drain")).body.error).toMatchObject({ code: "WORKER_NOT_FOUND" });
    }
    const ended = await addWorker(server.store);
    await markWorker(server.store, ended, { stopped_at: new Date() });
    const refused = await ask(ended, "resume");
    expect(refused.status).toBe(409);
    expect(refused.body.error.message).toBe("The worker has ended. A new one registers when it starts");
  });
});
