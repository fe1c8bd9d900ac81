/** Key custody on a real database (NH-07): one value for all who ask at once, versions, and nothing readable at rest. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SealError } from "../../src/domain/envelope.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { openDataKeys } from "../../src/store/crypto/data-keys.ts";
import { keyRing } from "../../src/store/crypto/master-key.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

const masterKey = { id: "mk_test", key: randomBytes(32) };
let server: TestServer;
let organizationId: string;

beforeAll(async () => {
  server = await startTestServer({ masterKey });
  ({ organizationId } = await server.addOrganization());
});
afterAll(() => server.close());

const inOrganization = <T>(work: Parameters<typeof server.store.forOrganization<T>>[1]) =>
  server.store.forOrganization(organizationId, work);
const secret = (name: string) => ({ ownerId: "dep_custody", organizationId, name });

describe("custody", () => {
  it("makes a secret once, whoever asks first, and gives everybody the same", async () => {
    const values = await Promise.all(
      Array.from({ length: 8 }, () =>
        inOrganization((db) =>
          server.deps.custody.ensure(db, secret("fernet_key"), () => randomBytes(16).toString("hex")),
        ),
      ),
    );
    expect(new Set(values).size).toBe(1);
  });

  it("keeps older versions and reads the newest", async () => {
    const name = secret("admin_password");
    expect(await inOrganization((db) => server.deps.custody.read(db, name))).toBeUndefined();
    expect(await inOrganization((db) => server.deps.custody.put(db, name, "first"))).toBe(1);
    expect(await inOrganization((db) => server.deps.custody.put(db, name, "second"))).toBe(2);
    expect(await inOrganization((db) => server.deps.custody.read(db, name))).toBe("second");
  });

  it("stores nothing that can be read, and a value moved to another name does not open", async () => {
    await inOrganization((db) => server.deps.custody.put(db, secret("canary"), "canary-in-the-mine"));
    const rows = await inOrganization((db) => db.selectFrom("custody_secrets").selectAll().execute());
    expect(JSON.stringify(rows)).not.toContain("canary-in-the-mine");
    await inOrganization((db) =>
      db.updateTable("custody_secrets").set({ name: "moved" }).where("name", "=", "canary").execute(),
    );
    await expect(inOrganization((db) => server.deps.custody.read(db, secret("moved")))).rejects.toThrow(SealError);
  });

  it("does not open under another master key, and says which one is missing", async () => {
    await inOrganization((db) => server.deps.custody.put(db, secret("kept"), "x"));
    const stranger = openCustody(openDataKeys(keyRing([{ id: "mk_other", key: randomBytes(32) }])));
    await expect(inOrganization((db) => stranger.read(db, secret("kept")))).rejects.toThrow(
      /mk_test.*mk_other|mk_other/,
    );
  });

  it("is one data key per organization, also when its first secrets come at once", async () => {
    const { organizationId: fresh } = await server.addOrganization();
    await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        server.store.forOrganization(fresh, (db) =>
          server.deps.custody.put(db, { ownerId: `dep_${n}`, organizationId: fresh, name: "s" }, "x"),
        ),
      ),
    );
    const keys = await server.store.asPlatform((db) =>
      db.selectFrom("data_keys").select("id").where("organization_id", "=", fresh).execute(),
    );
    expect(keys).toHaveLength(1);
  });
});
