/** Access tokens (JWT, EdDSA, 15 minutes, each naming a session) and refresh tokens (one use each). */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { sql } from "kysely";
import { seal, unseal } from "../domain/envelope.ts";
import { OnveraError } from "../domain/errors.ts";
import type { DataKeys } from "../store/crypto/data-keys.ts";
import { ensureInstallationSecret } from "../store/crypto/installation-secrets.ts";
import { signingKeyPlace } from "../store/crypto/places.ts";
import type { Scoped, Store } from "../store/database.ts";

const ALGORITHM = "EdDSA";
const ISSUER = "onvera";
const AUDIENCE = "onvera-api";
export const ACCESS_TOKEN_SECONDS = 15 * 60;
const REFRESH_PREFIX = "onv_rt_";

export interface AccessClaims {
  userId: string;
  sessionId: string;
  organizationId: string | null;
}

export interface Tokens {
  signAccess(claims: AccessClaims): Promise<string>;
  /** @throws OnveraError INVALID_TOKEN or TOKEN_EXPIRED */
  verifyAccess(token: string): Promise<AccessClaims>;
  /** A refresh token of a session, and the hash to store of it. */
  newRefresh(sessionId: string): Promise<{ token: string; hash: Buffer }>;
  /** Reads a refresh token we once gave out, whatever became of it since; undefined for any other text. */
  readRefresh(token: string): Promise<{ sessionId: string; hash: Buffer } | undefined>;
  jwks(): Promise<{ keys: JWK[] }>;
}

/** Opens the tokens; keys are read, and the first one made, when they are first needed. */
export function openTokens({ store, dataKeys }: { store: Store; dataKeys: DataKeys }): Tokens {
  let loading: Promise<Keys> | undefined;
  const keys = (): Promise<Keys> => {
    loading ??= store
      .asPlatform((db) => loadKeys(db, dataKeys))
      .catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
    return loading;
  };

  const verify = async (token: string) => {
    const options = {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: [ALGORITHM],
      requiredClaims: ["exp", "sub", "sid"],
    };
    try {
      return await jwtVerify(token, createLocalJWKSet((await keys()).published), options);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // Another server may have made a newer key since ours were read.
      loading = undefined;
      return jwtVerify(token, createLocalJWKSet((await keys()).published), options);
    }
  };

  return {
    async signAccess({ userId, sessionId, organizationId }) {
      const { kid, privateKey } = (await keys()).signing;
      return new SignJWT({ sid: sessionId, ...(organizationId === null ? {} : { org: organizationId }) })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: "JWT" })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime(`${ACCESS_TOKEN_SECONDS}s`)
        .sign(privateKey);
    },

    async verifyAccess(token) {
      try {
        const { payload } = await verify(token);
        return {
          userId: String(payload.sub),
          sessionId: String(payload.sid),
          organizationId: typeof payload.org === "string" ? payload.org : null,
        };
      } catch (cause) {
        if (cause instanceof errors.JWTExpired) throw new OnveraError("TOKEN_EXPIRED", { cause });
        if (cause instanceof errors.JOSEError) throw new OnveraError("INVALID_TOKEN", { cause });
        throw cause;
      }
    },

    async newRefresh(sessionId) {
      const body = `${sessionId.replace(/^ses_/, "")}.${randomBytes(18).toString("base64url")}`;
      const token = `${REFRESH_PREFIX}${body}.${mac((await keys()).refreshKey, body)}`;
      return { token, hash: hashToken(token) };
    },

    async readRefresh(token) {
      const match = /^onv_rt_(([0-9a-f-]{36})\.[A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{43})$/.exec(token);
      if (!match) return undefined;
      const [, body = "", session = "", given = ""] = match;
      const expected = Buffer.from(mac((await keys()).refreshKey, body));
      const actual = Buffer.from(given);
      if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) return undefined;
      return { sessionId: `ses_${session}`, hash: hashToken(token) };
    },

    jwks: async () => (await keys()).published,
  };
}

interface Keys {
  signing: { kid: string; privateKey: CryptoKey };
  published: { keys: JWK[] };
  refreshKey: Buffer;
}

async function loadKeys(db: Scoped, dataKeys: DataKeys): Promise<Keys> {
  // Servers that start together agree on one key.
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('onvera signing keys', 0))`.execute(db);
  const refreshKey = await ensureInstallationSecret(db, dataKeys, "refresh_tokens", async () => {
    // As versions before the rotation of keys made it, so that sessions from before stay.
    const installationKey = await dataKeys.current(db, null);
    return createHmac("sha256", installationKey.key).update("onvera refresh tokens").digest("base64");
  });
  const stored = await activeKeys(db);
  const rows = stored.length > 0 ? stored : [await makeKey(db, dataKeys)];
  const [newest] = rows;
  if (!newest) throw new Error("The signing key that was just made is gone.");
  const sealingKey = await dataKeys.byId(db, newest.sealed_private.kid);
  const jwk = JSON.parse(
    unseal(sealingKey, newest.sealed_private, signingKeyPlace(newest.kid)).toString("utf8"),
  ) as JWK;
  const privateKey = await importJWK(jwk, ALGORITHM);
  if (privateKey instanceof Uint8Array) throw new Error(`Signing key ${newest.kid} is not an asymmetric key.`);
  return {
    signing: { kid: newest.kid, privateKey },
    published: { keys: rows.map((row) => row.public_jwk as JWK) },
    refreshKey: Buffer.from(refreshKey, "base64"),
  };
}

const activeKeys = (db: Scoped) =>
  db
    .selectFrom("signing_keys")
    .selectAll()
    .where("algorithm", "=", ALGORITHM)
    .where("retired_at", "is", null)
    .orderBy("created_at", "desc")
    .execute();

async function makeKey(db: Scoped, dataKeys: DataKeys) {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
  const kid = `sk_${randomBytes(8).toString("hex")}`;
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: "sig" };
  const sealingKey = await dataKeys.current(db, null);
  return db
    .insertInto("signing_keys")
    .values({
      kid,
      algorithm: ALGORITHM,
      public_jwk: JSON.stringify(publicJwk),
      sealed_private: JSON.stringify(
        seal(sealingKey, JSON.stringify(await exportJWK(privateKey)), signingKeyPlace(kid)),
      ),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

const mac = (key: Buffer, body: string) => createHmac("sha256", key).update(body).digest("base64url");
/** What is stored of a token that is random enough to need no salt. */
export const hashToken = (token: string): Buffer => createHash("sha256").update(token, "utf8").digest();
