/** Guessing passwords is slow, over all processes, and shuts nobody out where they are at home (ON-17). */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assembleServer } from "../support/assemble-server.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

const PASSWORD = "correct horse battery";
const limits = { perAddress: 10_000, signInsPerPersonAndAddress: 3, signInsPerPerson: 6, signInsPerAddress: 12 };

let server: TestServer;
let organizationId: string;
let email: string;
let unique = 0;

beforeAll(async () => {
  server = await startTestServer({ limits });
  ({ organizationId } = await server.addOrganization());
});
afterAll(() => server.close());
beforeEach(async () => {
  ({ email } = await server.addUser({ organizationId, role: "viewer", password: PASSWORD }));
});

/** An address nobody has used yet. */
const elsewhere = () => `192.0.2.${++unique}`;
const signIn = async (from: string, password = PASSWORD, as = email, { app }: Pick<TestServer, "app"> = server) =>
  app.request(
    "/api/v1/auth/login",
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: as, password }),
    },
    { incoming: { socket: { remoteAddress: from } } },
  );
const statuses = async (times: number, ask: () => Promise<{ status: number }>) => {
  const seen: number[] = [];
  for (let n = 0; n < times; n++) seen.push((await ask()).status);
  return seen;
};

describe("guessing one person's password", () => {
  it("from one address ends in 429 with Retry-After, also with the right password", async () => {
    const from = elsewhere();
    expect(await statuses(4, () => signIn(from, "wrong"))).toEqual([401, 401, 401, 429]);
    const refused = await signIn(from);
    expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([
      429,
      "RATE_LIMIT_EXCEEDED",
    ]);
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(800);
    expect(seconds).toBeLessThanOrEqual(900);
  });

  it("looks the same whether the person is there or not", async () => {
    const from = elsewhere();
    const absent = () => signIn(from, "wrong", "nobody@example.test");
    expect(await statuses(4, absent)).toEqual([401, 401, 401, 429]);
  });

  it("many at once gets no further than one after the other", async () => {
    const from = elsewhere();
    const all = await Promise.all(Array.from({ length: 9 }, () => signIn(from, "wrong")));
    expect(all.filter(({ status }) => status === 401)).toHaveLength(3);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(6);
  });

  it("holds in another server process on the same database", async () => {
    const from = elsewhere();
    await statuses(3, () => signIn(from, "wrong"));
    const masterKey = { id: "mk_other", key: randomBytes(32) };
    const { store } = server;
    const second = assembleServer({ store, masterKey, version: "0.0.0-test", singleOrganization: false, limits });
    try {
      expect((await signIn(from, PASSWORD, email, second)).status).toBe(429);
    } finally {
      await second.stop();
    }
  });

  it("from many addresses is stopped, and the person goes on signing in from where they are at home", async () => {
    const home = elsewhere();
    expect((await signIn(home)).status).toBe(200);
    expect(await statuses(7, () => signIn(elsewhere(), "wrong"))).toEqual([401, 401, 401, 401, 401, 401, 429]);
    expect((await signIn(elsewhere())).status).toBe(429);
    expect(await statuses(5, () => signIn(home))).toEqual([200, 200, 200, 200, 200]);
  });
});

describe("one address", () => {
  it("may not try many people", async () => {
    const from = elsewhere();
    const other = () => signIn(from, "wrong", `person${++unique}@example.test`);
    expect((await statuses(13, other)).at(-1)).toBe(429);
    expect((await signIn(elsewhere())).status).toBe(200);
  });

  it("from which people do sign in, mistakes among them, stays open", async () => {
    const from = elsewhere();
    for (let n = 0; n < 6; n++) {
      const person = await server.addUser({ organizationId, role: "viewer", password: PASSWORD });
      expect((await signIn(from, "wrong", person.email)).status).toBe(401);
      expect(await statuses(3, () => signIn(from, PASSWORD, person.email))).toEqual([200, 200, 200]);
    }
  });
});

it("opens again when the quarter of an hour is over", async () => {
  const from = elsewhere();
  expect(await statuses(4, () => signIn(from, "wrong"))).toEqual([401, 401, 401, 429]);
  await server.store.pool.query("UPDATE onvera.sign_in_attempts SET until = now() - interval '1 second'");
  expect((await signIn(from)).status).toBe(200);
});

it("says of nobody in the database who was guessed at", async () => {
  await signIn(elsewhere(), "wrong");
  const { rows } = await server.store.pool.query("SELECT a::text AS text FROM onvera.sign_in_attempts a");
  expect(rows.length).toBeGreaterThan(0);
  for (const { text } of rows) expect(text).toMatch(/^\("\\\\x[0-9a-f]{64}",/);
});
