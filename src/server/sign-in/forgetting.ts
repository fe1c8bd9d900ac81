/** What the OpenID provider remembered and no longer needs. */
import type { Store } from "../../store/database.ts";

/** Removes what is over. @returns how many there were */
export async function forgetProviderRecords(store: Store): Promise<number> {
  const { numDeletedRows } = await store.asPlatform((db) =>
    db.deleteFrom("provider_records").where("expires_at", "<", new Date()).executeTakeFirstOrThrow(),
  );
  return Number(numDeletedRows);
}
