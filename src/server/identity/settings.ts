/** The settings of an organization's own identity provider; its client secret is sealed. */
import { randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import { seal, unseal } from "../../domain/envelope.ts";
import { OnveraError } from "../../domain/errors.ts";
import type { GroupRole } from "../../domain/group-roles.ts";
import type { ProjectRole } from "../../domain/membership.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import { providerSecretPlace } from "../../store/crypto/places.ts";
import type { Scoped } from "../../store/database.ts";
import type { IdentityProvidersTable } from "../../store/tables/sign-in.ts";
import { API_BASE } from "../openapi.ts";
import type { ProviderAddress } from "./provider.ts";

export type IdentityProvider = Selectable<IdentityProvidersTable>;

export interface ProviderWish {
  issuer: string;
  client_id: string;
  /** The stored one stays when left out, as long as the issuer does; null takes it away. */
  client_secret?: string | null | undefined;
  scopes: string[];
  group_claim: string;
  group_roles: GroupRole[];
  default_role: ProjectRole | null;
  just_in_time: boolean;
  sso_only: boolean;
}

/** The organization's provider; undefined where none is set. */
export const readProvider = (db: Scoped, organizationId: string): Promise<IdentityProvider | undefined> =>
  db.selectFrom("identity_providers").selectAll().where("organization_id", "=", organizationId).executeTakeFirst();

/** @throws OnveraError SSO_NOT_CONFIGURED */
export async function findProvider(db: Scoped, organizationId: string): Promise<IdentityProvider> {
  const row = await readProvider(db, organizationId);
  if (!row) throw new OnveraError("SSO_NOT_CONFIGURED");
  return row;
}

/** The provider as it is asked, with its secret opened. */
export async function providerAddress(
  db: Scoped,
  dataKeys: DataKeys,
  { organization_id, issuer, client_id, sealed_secret: sealed }: IdentityProvider,
): Promise<ProviderAddress> {
  const clientSecret =
    sealed === null
      ? undefined
      : unseal(await dataKeys.byId(db, sealed.kid), sealed, providerSecretPlace(organization_id)).toString("utf8");
  return { issuer, clientId: client_id, clientSecret };
}

/**
 * The secret a change will go on with.
 * @throws OnveraError VALIDATION_ERROR where another issuer would be sent the secret of the one before
 */
export async function secretFor(
  db: Scoped,
  dataKeys: DataKeys,
  organizationId: string,
  { issuer, client_secret: given }: ProviderWish,
): Promise<string | undefined> {
  if (given !== undefined) return given ?? undefined;
  const before = await readProvider(db, organizationId);
  if (before === undefined || before.sealed_secret === null) return undefined;
  if (before.issuer === issuer) return (await providerAddress(db, dataKeys, before)).clientSecret;
  const message = "Another issuer needs its own client secret, or null";
  throw new OnveraError("VALIDATION_ERROR", { message, fields: [{ pointer: "/client_secret", message }] });
}

/** Writes the settings in place of those before. */
export async function putProvider(
  db: Scoped,
  dataKeys: DataKeys,
  organizationId: string,
  { wish, clientSecret }: { wish: ProviderWish; clientSecret: string | undefined },
): Promise<IdentityProvider> {
  const sealed =
    clientSecret === undefined
      ? null
      : JSON.stringify(
          seal(await dataKeys.current(db, organizationId), clientSecret, providerSecretPlace(organizationId)),
        );
  const values = {
    version: randomBytes(12).toString("hex"),
    issuer: wish.issuer,
    client_id: wish.client_id,
    sealed_secret: sealed,
    scopes: wish.scopes,
    group_claim: wish.group_claim,
    group_roles: JSON.stringify(wish.group_roles),
    default_role: wish.default_role,
    just_in_time: wish.just_in_time,
    sso_only: wish.sso_only,
    updated_at: new Date(),
  };
  return db
    .insertInto("identity_providers")
    .values({ organization_id: organizationId, ...values })
    .onConflict((conflict) => conflict.column("organization_id").doUpdateSet(values))
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Takes the settings away; sessions that were opened by them last until they expire. */
export async function removeProvider(db: Scoped, organizationId: string): Promise<IdentityProvider> {
  const row = await findProvider(db, organizationId);
  await db.deleteFrom("provider_sign_ins").where("organization_id", "=", organizationId).execute();
  await db.deleteFrom("identity_providers").where("organization_id", "=", organizationId).execute();
  return row;
}

/** The settings as the API shows them: never with the secret. */
export const providerView = (row: IdentityProvider) => ({
  organization_id: row.organization_id,
  issuer: row.issuer,
  client_id: row.client_id,
  has_client_secret: row.sealed_secret !== null,
  scopes: row.scopes,
  group_claim: row.group_claim,
  group_roles: row.group_roles,
  default_role: row.default_role,
  just_in_time: row.just_in_time,
  sso_only: row.sso_only,
  updated_at: timestamp(row.updated_at),
  links: { self: `${API_BASE}/sso` },
});
