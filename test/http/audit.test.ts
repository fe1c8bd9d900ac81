/** The audit log as a chain: who has been at it is found, whatever they may do in the database (R8, §9 of the interface). */
import { createHash } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { appRoleSql } from "../../src/store/app-role.ts";
import { writeAudit } from "../../src/store/audit.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { createCli } from "./cli-harness.ts";

let server: TestServer;
let superuser: pg.Client;
let organizationId: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer({ limits: { perCaller: 100_000, perAddress: 100_000, failuresPerAddress: 100_000 } });
  superuser = new pg.Client({ connectionString: server.superuserConnectionString });
  await superuser.connect();
  // Whoever has the server can switch every trigger off.
  await superuser.query("SET session_replication_role = replica; SET search_path = onvera");
});
afterAll(async () => {
  await superuser?.end();
  await server?.close();
});

/** Each test has an organization of its own, with ten events. */
beforeEach(async () => {
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  for (let n = 1; n <= 10; n++) await write(`thing.change_${n}`);
});

const write = (action: string, name = "Ann") =>
  server.store.forOrganization(organizationId, (db) =>
    writeAudit(db, { organizationId, actor: { kind: "user", id: "user_a", name }, origin: "api", action }),
  );
const verify = async (query = "", as = key) =>
  (await server.call("GET", `/api/v1/audit/verification${query}`, { key: as })).body.data;
const faults = async (query = "") =>
  (await verify(query)).chains[0].faults.map((fault: { kind: string; position: number }) => [
    fault.kind,
    fault.position,
  ]);
const tamper = (text: string) => superuser.query(text.replaceAll("$org", `'${organizationId}'`));
const at = (position: number) => `organization_id = $org AND position = ${position}`;

describe("the chain of audit events", () => {
  it("is whole after whatever the product did, and names its head", async () => {
    await server.deploy(key);
    const found = await verify();
    expect(found).toMatchObject({ ok: true, chains: [{ chain: "organization", ok: true, faults: [] }] });
    const { events, head } = found.chains[0];
    expect(events).toBeGreaterThan(10);
    expect(head).toMatch(new RegExp(`^${events}:[0-9a-f]{64}$`));
  });

  it("has each event carry the hash of itself and of the one before, so that anybody can recompute it from an export", async () => {
    const answer = await server.app.request("/api/v1/audit/export", { headers: { "X-API-Key": key } });
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const events = (await answer.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ action: "audit.export", position: events.length });
    let before = Buffer.alloc(0);
    for (const [index, { hash, hashed, position, action }] of events.entries()) {
      before = createHash("sha256").update(before).update(hashed).digest();
      expect([position, hash]).toEqual([index + 1, before.toString("hex")]);
      expect(hashed).toContain(action);
    }
  });

  it("stays whole when a hundred transactions write at once, of several organizations and in any order", async () => {
    const other = await server.addOrganization();
    const all = Array.from({ length: 100 }, (_, n) =>
      server.store.asPlatform(async (db) => {
        const both = n % 2 === 0 ? [organizationId, other.organizationId] : [other.organizationId, null];
        for (const id of both) {
          const actor = { kind: "system", id: "test", name: "Test" } as const;
          await writeAudit(db, { organizationId: id, actor, origin: "system", action: `many.${n}` });
        }
      }),
    );
    const written = (await Promise.allSettled(all)).filter(({ status }) => status === "fulfilled");
    expect(written).toHaveLength(100);
    const operator = await server.addUser({ organizationId: other.organizationId, role: "admin", isOperator: true });
    const { key: operatorKey } = await server.addKey({ organizationId: other.organizationId, userId: operator.userId });
    const found = await verify("", operatorKey);
    expect(found.ok).toBe(true);
    expect(found.chains.map(({ chain, events }: { chain: string; events: number }) => [chain, events >= 50])).toEqual([
      ["organization", true],
      ["installation", true],
    ]);
    expect(found.chains[0].events).toBeGreaterThanOrEqual(100);
    expect((await verify()).ok).toBe(true);
  });
});

describe("whoever has the database's superuser is found out", () => {
  it.each([
    ["who did it", `actor = '{"id": "user_b", "kind": "user", "name": "Bob"}'`],
    ["when it was", "at = at - interval '1 day'"],
    ["what was done", "action = 'nothing.happened'"],
    ["what changed", `change = '{"a": 1}'`],
    ["its outcome", "outcome = 'refused'"],
  ])("when they change %s", async (_what, change) => {
    await tamper(`UPDATE audit_events SET ${change} WHERE ${at(4)}`);
    expect(await faults()).toEqual([["changed", 4]]);
  });

  it("when they delete an event, or several", async () => {
    await tamper(`DELETE FROM audit_events WHERE ${at(3)}`);
    await tamper("DELETE FROM audit_events WHERE organization_id = $org AND position BETWEEN 6 AND 8");
    expect(await faults()).toEqual([
      ["missing", 3],
      ["missing", 6],
    ]);
  });

  it("when they cut the end off", async () => {
    await tamper("DELETE FROM audit_events WHERE organization_id = $org AND position > 8");
    expect(await faults()).toEqual([["cut_off", 9]]);
  });

  it("when they put an event in between, or at the end", async () => {
    const copy = "organization_id, at, actor, origin, action, outcome";
    await tamper(`INSERT INTO audit_events (${copy}) SELECT ${copy} FROM audit_events WHERE ${at(2)}`);
    expect((await verify()).chains[0].faults).toMatchObject([{ kind: "added" }]);
    await tamper(
      `INSERT INTO audit_events (${copy}, position, hash) SELECT ${copy}, 11, sha256('x') FROM audit_events WHERE ${at(2)}`,
    );
    expect((await verify()).chains[0].fault_count).toBe(2);
  });

  it("when they move an event to another organization", async () => {
    const { organizationId: elsewhere } = await server.addOrganization();
    await tamper(`UPDATE audit_events SET organization_id = '${elsewhere}' WHERE ${at(5)}`);
    expect(await faults()).toEqual([["missing", 5]]);
  });

  it("when they recompute the hash of what they changed: the next event does not follow", async () => {
    await tamper(`UPDATE audit_events SET action = 'x' WHERE ${at(4)}`);
    await tamper(`UPDATE audit_events e SET hash = sha256(
      (SELECT hash FROM audit_events WHERE ${at(3)}) || convert_to(audit_text(e, position), 'UTF8')) WHERE ${at(4)}`);
    expect(await faults()).toEqual([["changed", 5]]);
  });

  it("when they write the whole chain anew, by anybody who has noted an earlier head", async () => {
    const { head } = (await verify()).chains[0];
    // The use of the key is an event too, written beside the request.
    await server.app.drain();
    await tamper(`UPDATE audit_events SET action = 'x' WHERE ${at(4)}`);
    const { rows } = await tamper(
      "SELECT seq, position FROM audit_events WHERE organization_id = $org ORDER BY position",
    );
    let before = Buffer.alloc(0);
    for (const { seq } of rows) {
      const { rows: link } = await superuser.query(
        "UPDATE audit_events e SET hash = sha256($1::bytea || convert_to(audit_text(e, position), 'UTF8')) WHERE seq = $2 RETURNING hash",
        [before, seq],
      );
      before = link[0].hash;
    }
    await superuser.query("UPDATE audit_chains SET hash = $1 WHERE organization_id = $2", [before, organizationId]);
    expect(await faults()).toEqual([]);
    expect(await faults(`?noted=${head}`)).toEqual([["rewritten", Number(head.split(":")[0])]]);
  });
});

describe("the application's own role", () => {
  it.each([
    "UPDATE audit_events SET action = 'x'",
    "DELETE FROM audit_events",
    "TRUNCATE audit_events",
    "UPDATE audit_chains SET position = 0",
    "DELETE FROM audit_chains",
    "INSERT INTO audit_chains (organization_id, position, hash) VALUES ('org_x', 1, '')",
  ])("may not %s", async (statement) => {
    const attempt = server.store.asPlatform(async () => {
      const client = await server.store.pool.connect();
      try {
        await client.query(
          `BEGIN; SELECT set_config('role', ${appRoleSql}, true), set_config('onvera.scope', 'platform', true)`,
        );
        await client.query(statement);
      } finally {
        await client.query("ROLLBACK");
        client.release();
      }
    });
    await expect(attempt).rejects.toThrow(/permission denied|append-only|moves the head/);
  });

  it("cannot choose an event's place, hash or moment", async () => {
    const client = await server.store.pool.connect();
    try {
      await client.query(
        `BEGIN; SELECT set_config('role', ${appRoleSql}, true), set_config('onvera.scope', 'platform', true)`,
      );
      await client.query(
        `INSERT INTO audit_events (organization_id, at, actor, origin, action, position, hash)
         VALUES ($1, '2001-01-01', '{}', 'api', 'forged', 5000, 'x')`,
        [organizationId],
      );
      await client.query("COMMIT");
    } finally {
      client.release();
    }
    const { rows } = await superuser.query("SELECT position, at FROM audit_events WHERE action = 'forged'");
    expect(rows[0].position).not.toBe(5000);
    expect(new Date(rows[0].at).getFullYear()).toBeGreaterThan(2001);
    expect((await verify()).ok).toBe(true);
  });
});

describe("an export", () => {
  it("in CSV has a header, quotes what needs it, and holds nothing a spreadsheet would run", async () => {
    await write("thing.named", '=HYPERLINK("http://evil.example"), "x"');
    const answer = await server.call("GET", "/api/v1/audit/export?format=csv&action=thing.named", { key });
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="onvera-audit.csv"');
    const [header, line, end] = answer.body.split("\r\n");
    expect(header).toBe(
      "id,at,actor_kind,actor_id,actor_name,origin,action,target_type,target_id,change,outcome,request_id,position,hash",
    );
    expect(line).toContain(`user,user_a,"'=HYPERLINK(""http://evil.example""), ""x""",api,thing.named`);
    expect(end).toBe("");
  });

  it("gives every event once, also when there are more than one page of them, and only the organization's own", async () => {
    await superuser.query("SET session_replication_role = origin");
    await tamper(`INSERT INTO audit_events (organization_id, actor, origin, action)
      SELECT $org, '{"kind":"system","id":"x","name":"x"}', 'system', 'many' FROM generate_series(1, 2500)`);
    await superuser.query("SET session_replication_role = replica");
    const answer = await server.app.request("/api/v1/audit/export?action=many", { headers: { "X-API-Key": key } });
    const ids = (await answer.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id);
    expect(new Set(ids).size).toBe(2500);
    expect((await verify()).chains[0]).toMatchObject({ ok: true });
  });
});

describe("the command line", () => {
  it("verifies with an exit code a nightly job can ask, notes the head, and prints the export", async () => {
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${port}`;
    const cli = createCli(url);
    const run = (...line: string[]) => cli.run(line, { env: { ONVERA_API_URL: url, ONVERA_API_KEY: key } });
    try {
      const whole = await run("audit", "verify");
      expect(whole).toMatchObject({ code: 0, err: "" });
      expect(whole.out).toMatch(/^The audit log of the organization is whole: \d+ events, head \d+:[0-9a-f]{64}$/m);
      const head = (await run("audit", "verify", "--quiet")).out.trim();
      expect(await run("audit", "verify", "--noted", head)).toMatchObject({ code: 0 });
      const csv = await run("audit", "export", "--format", "csv", "--action", "thing.change_7");
      expect(csv.out.split("\r\n")).toHaveLength(3);
      await tamper(`UPDATE audit_events SET action = 'x' WHERE ${at(4)}`);
      const found = await run("audit", "verify");
      expect(found.code).toBe(1);
      expect(found.out).toMatch(
        /IS NOT WHOLE: .*\n {2}Event \d+ at place 4 is not what it was when it was written\.$/m,
      );
    } finally {
      cli.remove();
    }
  });
});
