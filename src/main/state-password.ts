/** The password of the login that owns Pulumi's state. */
import { hkdfSync, randomBytes } from "node:crypto";
import type { DataKeys } from "../store/crypto/data-keys.ts";
import { ensureInstallationSecret } from "../store/crypto/installation-secrets.ts";
import type { KeyRing } from "../store/crypto/master-key.ts";
import type { Store } from "../store/database.ts";

const PASSWORD_BYTES = 24;

/** Reads the password, or decides it once. A rotation of the keys leaves it as it is. */
export function ensureStatePassword(store: Store, dataKeys: DataKeys, { all }: KeyRing): Promise<string> {
  return store.asPlatform((db) =>
    ensureInstallationSecret(db, dataKeys, "state_login", async () => {
      const before = await db.selectFrom("data_keys").select("id").limit(1).executeTakeFirst();
      const [masterKey] = all();
      if (before === undefined || masterKey === undefined) return randomBytes(PASSWORD_BYTES).toString("base64url");
      // Versions before this one derived it, and their workers may still run beside us.
      const derived = hkdfSync("sha256", masterKey.key, "", "login of the pulumi state", PASSWORD_BYTES);
      return Buffer.from(derived).toString("base64url");
    }),
  );
}
