/** Every secret an installation holds, by name: those customers gave, and those it made itself, unsealed for the search. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { STACK_KEY_NAME } from "../../src/automation/worker/program-input.ts";
import { unseal } from "../../src/domain/envelope.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { openDataKeys } from "../../src/store/crypto/data-keys.ts";
import { ensureInstallationSecret } from "../../src/store/crypto/installation-secrets.ts";
import { keyRing, masterKeysFrom } from "../../src/store/crypto/master-key.ts";
import { signingKeyPlace } from "../../src/store/crypto/places.ts";
import { openStore } from "../../src/store/database.ts";

/** By name; a key that is kept as bytes is looked for as bytes too. */
export type Secrets = Record<string, string | Buffer>;

/** What the supervisor and the installation keep in files of their own, as they are read. */
export function secretsInFiles(home: string): Secrets {
  const secrets: Secrets = {};
  for (const name of readdirSync(join(home, "secrets"))) {
    const text = readFileSync(join(home, "secrets", name), "utf8").trim();
    // A key's name stands before it in the file, and is no secret.
    if (name.endsWith(".json")) secrets[`installation: ${name}`] = JSON.parse(text).password;
    else secrets[`installation: ${name}`] = text.replace(/^mk_[0-9a-f]+ /, "");
  }
  const key = Buffer.from(
    JSON.parse(readFileSync(join(home, "supervisor", "keys", "files.json"), "utf8")).key,
    "base64",
  );
  secrets["node: file key"] = key.toString("base64");
  secrets["node: file key, bytes"] = key;
  return secrets;
}

/** What one app's processes read: database passwords, Fernet and secret keys, the admin's password. */
export function secretsOfApp(home: string, deploymentId: string): Secrets {
  const folder = join(home, "deployments", deploymentId, "secrets");
  const secrets: Secrets = {};
  for (const name of readdirSync(folder).filter((file) => !file.startsWith("."))) {
    const text = readFileSync(join(folder, name), "utf8").trim();
    // The password alone: a URL without it is no secret.
    secrets[`app ${deploymentId}: ${name}`] = URL.canParse(text) ? decodeURIComponent(new URL(text).password) : text;
  }
  return secrets;
}

/** What the database keeps sealed: the stacks' keys and all else in custody, data keys, the key that signs tokens. */
export async function secretsSealed(home: string, connectionString: string): Promise<Secrets> {
  const file = join(home, "secrets", "master-key");
  const ring = keyRing(masterKeysFrom(readFileSync(file, "utf8"), file));
  const dataKeys = openDataKeys(ring);
  const custody = openCustody(dataKeys);
  const secrets: Secrets = {};
  ring.all().forEach(({ key }, index) => {
    secrets[`installation: master key ${index}, bytes`] = key;
  });
  const store = openStore({ connectionString });
  try {
    await store.asPlatform(async (db) => {
      // They are there: this reads, and makes nothing.
      const absent = () => Promise.reject(new Error("The installation has no such secret"));
      for (const name of ["state_login", "refresh_tokens"] as const) {
        secrets[`installation: ${name}`] = await ensureInstallationSecret(db, dataKeys, name, absent);
      }
      for (const { id } of await db.selectFrom("data_keys").select("id").execute()) {
        const { key } = await dataKeys.byId(db, id);
        secrets[`data key ${id}`] = key.toString("base64");
        secrets[`data key ${id}, bytes`] = key;
      }
      const kept = await db.selectFrom("custody_secrets").select(["owner_id", "organization_id", "name"]).execute();
      for (const { owner_id: ownerId, organization_id: organizationId, name } of kept) {
        const value = await custody.read(db, { ownerId, organizationId, name });
        if (value === undefined) continue;
        secrets[`custody ${ownerId}: ${name}`] = value;
        if (name === STACK_KEY_NAME) secrets[`custody ${ownerId}: ${name}, bytes`] = Buffer.from(value, "base64");
      }
      for (const { kid, sealed_private: sealed } of await db.selectFrom("signing_keys").selectAll().execute()) {
        const jwk = JSON.parse(
          unseal(await dataKeys.byId(db, sealed.kid), sealed, signingKeyPlace(kid)).toString("utf8"),
        );
        secrets[`signing key ${kid}`] = jwk.d;
      }
    });
  } finally {
    await store.close();
  }
  return secrets;
}
