/** Secrets of the installation itself, sealed in the database: every server and worker has the same, and a rotation keeps them. */

import type { SealedValue } from "../../domain/envelope.ts";
import { seal, unseal } from "../../domain/envelope.ts";
import type { Scoped } from "../database.ts";
import type { DataKeys } from "./data-keys.ts";
import { installationPlace } from "./places.ts";

/** The password of the login that owns Pulumi's state; what refresh tokens, and the provider's cookies, are signed with. */
export type InstallationSecret = "state_login" | "refresh_tokens" | "provider_cookies";

/**
 * Reads a secret, or stores what `make` gives; of two callers at once one makes it. Needs a platform transaction.
 * @returns the secret's text
 */
export async function ensureInstallationSecret(
  db: Scoped,
  dataKeys: DataKeys,
  name: InstallationSecret,
  make: () => Promise<string> | string,
): Promise<string> {
  const key = `secret:${name}`;
  const read = async () => {
    const row = await db.selectFrom("installation").select("value").where("key", "=", key).executeTakeFirst();
    if (row === undefined) return undefined;
    const { sealed } = row.value as unknown as { sealed: SealedValue };
    return unseal(await dataKeys.byId(db, sealed.kid), sealed, installationPlace(key)).toString("utf8");
  };
  const known = await read();
  if (known !== undefined) return known;
  const value = await make();
  const sealed = seal(await dataKeys.current(db, null), value, installationPlace(key));
  const inserted = await db
    .insertInto("installation")
    .values({ key, value: JSON.stringify({ sealed }) })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .returning("key")
    .executeTakeFirst();
  return inserted ? value : ((await read()) ?? value);
}
