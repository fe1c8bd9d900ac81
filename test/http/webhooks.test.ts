/** Webhooks from the change that causes them to a real receiver on loopback. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startDeliverer } from "../../src/server/webhooks/deliverer.ts";
import { defaultWebhookPolicy, type WebhookPolicy } from "../../src/server/webhooks/retries.ts";
import { recordHealth } from "../../src/store/deployment-health.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { until } from "../support/until.ts";
import { type Receiver, startWebhookReceiver } from "../support/webhook-receiver.ts";
import { createCli } from "./cli-harness.ts";

const quick: WebhookPolicy = {
  ...defaultWebhookPolicy,
  retryDelaysSeconds: [0.05, 0.05],
  privateHosts: ["127.0.0.1"],
};
let server: TestServer;
let key: string;
let organizationId: string;
const opened: { stop(): Promise<void> }[] = [];
const receivers: Receiver[] = [];

beforeAll(async () => {
  server = await startTestServer({ webhooks: quick });
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
  for (const one of receivers.splice(0)) await one.close();
});
afterAll(() => server.close());

function deliver(policy: Partial<WebhookPolicy> = {}): void {
  const { store, deps } = server;
  opened.push(startDeliverer({ ...deps, store, policy: { ...quick, ...policy } }));
}

/** An organization of its own with one webhook. */
async function hooked(body: object = {}): Promise<{ receiver: Receiver; id: string; secret: string }> {
  ({ ownerKey: key, organizationId } = await server.addOrganization());
  const receiver = await startWebhookReceiver();
  receivers.push(receiver);
  const { body: made } = await call("POST", "", { url: receiver.url, ...body });
  return { receiver, id: made.data.id, secret: made.data.secret };
}
const call = (method: string, path: string, body?: object) =>
  server.call(method, `/api/v1/webhooks${path}`, { key, ...(body && { body }) });

const deliveriesOf = async (id: string) => (await call("GET", `/${id}/deliveries`)).body.data.items;
/** The webhook's newest delivery once it is over. */
const ended = async (id: string) => {
  await until(async () => (await deliveriesOf(id))[0]?.ended_at != null, "the delivery is over");
  return (await deliveriesOf(id))[0];
};

/** Written from the specification alone, with the browser's cryptography. */
async function isSignedBy(secret: string, { headers, body }: Receiver["received"][number]): Promise<boolean> {
  const raw = Uint8Array.from(atob(secret.replace("whsec_", "")), (letter) => letter.charCodeAt(0));
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", raw, hmac, false, ["verify"]);
  const text = new TextEncoder().encode(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const signatures = (headers["webhook-signature"] ?? "").split(" ").filter((one) => one.startsWith("v1,"));
  const verdicts = signatures.map((one) =>
    crypto.subtle.verify(
      "HMAC",
      imported,
      Uint8Array.from(atob(one.slice(3)), (l) => l.charCodeAt(0)),
      text,
    ),
  );
  return (await Promise.all(verdicts)).includes(true);
}

describe("webhooks (issue 7.6)", () => {
  it("tell of an operation's end, signed, in the words of the API (Standard Webhooks)", async () => {
    const { receiver, id, secret } = await hooked();
    const { id: deploymentId, operationId } = await server.deploy(key);
    deliver();
    const [message] = await receiver.count(1);
    if (!message) throw new Error("nothing came");
    expect(JSON.parse(message.body)).toMatchObject({
      type: "operation.succeeded",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      data: {
        organization_id: organizationId,
        operation_id: operationId,
        resource_id: deploymentId,
        status: "succeeded",
      },
    });
    expect(Math.abs(Number(message.headers["webhook-timestamp"]) - Date.now() / 1000)).toBeLessThan(60);
    expect(await isSignedBy(secret, message)).toBe(true);
    expect(await isSignedBy(secret, { ...message, body: `${message.body} ` })).toBe(false);
    const delivery = await ended(id);
    expect(delivery).toMatchObject({ status: "succeeded", attempts: 1, message_id: message.headers["webhook-id"] });
    expect(delivery.tries).toEqual([expect.objectContaining({ status: 204, error: null })]);
  });

  it("tell of changed health once per change, and only of what was asked for", async () => {
    const { receiver } = await hooked({ events: ["deployment.health_changed"] });
    const { id } = await server.deploy(key);
    const see = (status: string) =>
      server.store.asPlatform((db) => recordHealth(db, id, { status, detail: `front door ${status}` }));
    for (const status of ["starting", "healthy", "healthy", "unhealthy"]) await see(status);
    deliver();
    const told = (await receiver.count(2)).map(({ body }) => JSON.parse(body).data);
    expect(told.map(({ before, health }) => `${before} ${health}`).sort()).toEqual([
      "healthy unhealthy",
      "starting healthy",
    ]);
    expect(receiver.received).toHaveLength(2);
  });

  it("are not written when the change itself is undone", async () => {
    const { id: webhookId } = await hooked();
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const undone = server.store.asPlatform(async (db) => {
      await db
        .updateTable("operations")
        .set({ status: "canceled", ended_at: new Date() })
        .where("id", "=", operationId)
        .execute();
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    expect(await deliveriesOf(webhookId)).toEqual([]);
  });

  it("are tried again until taken, then given up, with each answer's beginning in the log", async () => {
    const { receiver, id } = await hooked();
    receiver.answer(500);
    await server.deploy(key);
    deliver();
    const failed = await ended(id);
    expect(failed).toMatchObject({ status: "failed", attempts: 3, next_attempt_at: null });
    expect(failed.tries.map(({ status }: { status: number }) => status)).toEqual([500, 500, 500]);
    expect(failed.tries[0].response).toHaveLength(1024);
    const ids = new Set(receiver.received.map(({ headers }) => headers["webhook-id"]));
    expect(ids.size).toBe(1);

    receiver.answer(200);
    const again = await call("POST", `/${id}/deliveries/${failed.id}/redeliver`);
    expect(again.status).toBe(202);
    expect(await ended(id)).toMatchObject({
      id: again.body.data.id,
      status: "succeeded",
      message_id: failed.message_id,
    });
  });

  it("follow no redirect and wait for nobody for ever", async () => {
    const { receiver, id } = await hooked();
    receiver.answer("redirect");
    deliver({ retryDelaysSeconds: [] });
    await call("POST", `/${id}/test`);
    expect(await ended(id)).toMatchObject({ status: "failed", tries: [expect.objectContaining({ status: 302 })] });
    expect(receiver.received.map(({ path }) => path)).toEqual(["/hook"]);
    receiver.answer("hang");
    for (const one of opened.splice(0)) await one.stop();
    deliver({ retryDelaysSeconds: [], timeoutMilliseconds: 100 });
    await call("POST", `/${id}/test`);
    expect((await ended(id)).tries).toEqual([
      expect.objectContaining({ status: null, error: "It did not answer in time." }),
    ]);
  });

  it("go nowhere inside the network unless the operator named the host (SSRF)", async () => {
    const { receiver, id } = await hooked();
    deliver({ privateHosts: [], retryDelaysSeconds: [] });
    await call("POST", `/${id}/test`);
    const { tries, status } = await ended(id);
    expect([status, tries[0].status, tries[0].error]).toEqual(["failed", null, "It must begin with https://."]);
    expect(receiver.received).toEqual([]);
    for (const url of ["http://example.com/", "https://10.0.0.1/", "https://[::ffff:a00:1]/", "nonsense"]) {
      const refused = await call("POST", "", { url });
      expect([url, refused.status, refused.body.error.fields[0]?.pointer]).toEqual([url, 400, "/url"]);
    }
  });

  it("are switched off after failing for long, with a line in the audit log, and on again by hand", async () => {
    const { receiver, id } = await hooked();
    receiver.answer(503);
    deliver({ disableAfterSeconds: 0 });
    await call("POST", `/${id}/test`);
    await until(async () => !(await call("GET", `/${id}`)).body.data.enabled, "it is switched off");
    const { disabled_reason: reason } = (await call("GET", `/${id}`)).body.data;
    expect(reason).toContain("status 503");
    const { body } = await server.call("GET", "/api/v1/audit?action=webhook.disable", { key });
    expect(body.data.items[0]).toMatchObject({ target_id: id, actor: { kind: "system" }, change: { reason } });
    expect((await call("POST", `/${id}/test`)).status).toBe(409);
    await server.deploy(key);
    expect(await deliveriesOf(id)).toHaveLength(1);
    receiver.answer(200);
    expect((await call("PATCH", `/${id}`, { enabled: true })).body.data).toMatchObject({
      enabled: true,
      failing_since: null,
    });
    await call("POST", `/${id}/test`);
    expect(await ended(id)).toMatchObject({ status: "succeeded" });
  });

  it("are signed with both secrets for a day after a rotation, and no secret is stored or shown in clear", async () => {
    const { receiver, id, secret } = await hooked();
    const { secret: next } = (await call("POST", `/${id}/rotate-secret`)).body.data;
    deliver();
    await call("POST", `/${id}/test`);
    const [message] = await receiver.count(1);
    if (!message) throw new Error("nothing came");
    expect([await isSignedBy(secret, message), await isSignedBy(next, message)]).toEqual([true, true]);
    const rows = await server.store.asPlatform((db) => db.selectFrom("webhook_endpoints").selectAll().execute());
    const shown = JSON.stringify([rows, (await call("GET", "")).body, (await call("GET", `/${id}`)).body]);
    for (const one of [secret, next]) expect(shown).not.toContain(one.slice("whsec_".length));
  });

  it("are delivered once by two servers together, and survive one that died while it sent", async () => {
    const { receiver, id } = await hooked();
    deliver();
    deliver();
    for (let n = 0; n < 10; n++) await call("POST", `/${id}/test`);
    await until(
      async () => (await deliveriesOf(id)).every(({ status }: { status: string }) => status === "succeeded"),
      "all are delivered",
    );
    expect(receiver.received).toHaveLength(10);
    for (const one of opened.splice(0)) await one.stop();
    await call("POST", `/${id}/test`);
    await server.store.asPlatform((db) =>
      // As a server leaves it that claimed it a minute ago and is gone.
      db.updateTable("webhook_deliveries").set({ attempts: 1 }).where("status", "=", "pending").execute(),
    );
    deliver();
    await receiver.count(11);
    expect((await ended(id)).attempts).toBe(2);
  });
});

describe("onvera webhooks", () => {
  it("makes, tests, lists, changes and deletes one", async () => {
    const { receiver, id } = await hooked();
    deliver();
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const cli = createCli(`http://127.0.0.1:${port}`);
    const run = async (...line: string[]) => {
      const ran = await cli.run(["webhooks", ...line], { env: { ONVERA_API_KEY: key } });
      expect([line, ran.code, ran.err.includes("error")]).toEqual([line, 0, false]);
      return ran.out;
    };
    try {
      expect(await run("create", receiver.url, "--event", "operation.failed")).toMatch(/^whsec_\S{44}\n$/);
      expect(await run("list")).toMatch(/active +operation\.failed/);
      expect(await run("test", id)).toContain("is on its way");
      await ended(id);
      const listed = await run("deliveries", id);
      expect(listed).toMatch(/webhook\.test +succeeded +1 +204 in \d+ ms/);
      const [delivery] = await deliveriesOf(id);
      expect(await run("redeliver", id, delivery.id)).toContain("is on its way");
      expect(await run("update", id, "--description", "ours", "--disable")).toMatch(/State: +disabled/);
      expect(await run("rotate-secret", id)).toMatch(/^whsec_/);
      expect(await run("get", id)).toContain("Switched off by hand.");
      expect(await run("delete", id, "--yes")).toContain("is deleted");
    } finally {
      cli.remove();
    }
  });
});
