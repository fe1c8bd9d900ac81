/** The keys ID tokens are signed with: made once, sealed, replaced with overlap. Access tokens of the API have others. */
import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { sql } from "kysely";
import { seal, unseal } from "../../domain/envelope.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import { signingKeyPlace } from "../../store/crypto/places.ts";
import type { Scoped } from "../../store/database.ts";

/** What the apps' OpenID library reads without extras. */
const ALGORITHM = "ES256";

/**
 * The private keys, the one that signs first; the first one is made when there is none. Needs a platform transaction.
 * Of two servers that start at once one makes it.
 */
export async function providerKeys(db: Scoped, dataKeys: DataKeys): Promise<JWK[]> {
  const stored = await activeKeys(db);
  if (stored.length === 0) {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('onvera provider keys', 0))`.execute(db);
    if ((await activeKeys(db)).length === 0) await makeKey(db, dataKeys);
  }
  const keys: JWK[] = [];
  for (const { kid, sealed_private: sealed } of stored.length > 0 ? stored : await activeKeys(db)) {
    const key = unseal(await dataKeys.byId(db, sealed.kid), sealed, signingKeyPlace(kid)).toString("utf8");
    keys.push({ ...(JSON.parse(key) as JWK), kid, alg: ALGORITHM, use: "sig" });
  }
  return keys;
}

/** Which keys there are, as one text: when it changes, the keys are read anew. */
export async function providerKeyNames(db: Scoped): Promise<string> {
  return (await activeKeys(db)).map(({ kid }) => kid).join(" ");
}

/**
 * Makes a new key that signs from now on. The one before it stays published, so that a token signed a moment ago is
 * still understood; those before that are retired. Needs a platform transaction.
 */
export async function rotateProviderKey(db: Scoped, dataKeys: DataKeys): Promise<{ kid: string; retired: number }> {
  const [newest] = await activeKeys(db);
  const { numUpdatedRows } = await db
    .updateTable("signing_keys")
    .set({ retired_at: new Date() })
    .where("algorithm", "=", ALGORITHM)
    .where("retired_at", "is", null)
    .where("kid", "<>", newest?.kid ?? "")
    .executeTakeFirstOrThrow();
  return { kid: await makeKey(db, dataKeys), retired: Number(numUpdatedRows) };
}

const activeKeys = (db: Scoped) =>
  db
    .selectFrom("signing_keys")
    .select(["kid", "sealed_private"])
    .where("algorithm", "=", ALGORITHM)
    .where("retired_at", "is", null)
    .orderBy("created_at", "desc")
    .orderBy("kid")
    .execute();

async function makeKey(db: Scoped, dataKeys: DataKeys): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const kid = `pk_${randomBytes(8).toString("hex")}`;
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: "sig" };
  const sealed = seal(
    await dataKeys.current(db, null),
    JSON.stringify(await exportJWK(privateKey)),
    signingKeyPlace(kid),
  );
  await db
    .insertInto("signing_keys")
    // Not the transaction's time: a rotation makes the order of keys.
    .values({
      kid,
      algorithm: ALGORITHM,
      public_jwk: JSON.stringify(publicJwk),
      sealed_private: JSON.stringify(sealed),
      created_at: sql<Date>`clock_timestamp()`,
    })
    .execute();
  return kid;
}
