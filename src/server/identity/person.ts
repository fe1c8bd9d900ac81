/** From what a provider says of somebody to a member of the organization: found, linked, or made just in time. */
import { OnveraError } from "../../domain/errors.ts";
import { groupsOf, roleByGroups } from "../../domain/group-roles.ts";
import type { ProjectRole } from "../../domain/membership.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped } from "../../store/database.ts";
import { changeRole, findMember, type Member } from "../services/members.ts";
import { addressOf, ensureUser } from "../services/users.ts";
import type { IdentityProvider } from "./settings.ts";

/** What the provider's checked answer says. */
export interface Claims {
  sub: string;
  [name: string]: unknown;
}

interface Found {
  id: string;
  name: string;
}

/**
 * The member behind the claims, with the role their groups give.
 * Needs a platform transaction.
 * @throws OnveraError SSO_REFUSED that says why and what would help
 */
export async function memberByClaims(
  db: Scoped,
  provider: IdentityProvider,
  claims: Claims,
  requestId: string,
): Promise<Found> {
  const { organization_id: organizationId } = provider;
  const role = roleByGroups(groupsOf(claims[provider.group_claim]), provider.group_roles, provider.default_role);
  const found = (await knownIdentity(db, provider, claims.sub)) ?? (await personByEmail(db, provider, claims));
  const member = found && (await memberOf(db, organizationId, found.id));
  if (role === null && member?.role !== "owner") {
    throw refused("Your groups at the identity provider give you no role here. Ask who looks after it for one of them");
  }
  const note = (action: string, id: string, name: string, change: Record<string, unknown>) =>
    writeAudit(db, {
      organizationId,
      actor: { kind: "user", id, name },
      origin: "web",
      requestId,
      action,
      targetType: "user",
      targetId: id,
      change,
    });
  if (member) {
    await link(db, provider, claims.sub, member.user_id);
    // Owners stay owners: otherwise whoever runs the provider could take the organization's last one away.
    if (role !== null && member.role !== "owner" && member.role !== role && provider.group_roles.length > 0) {
      await changeRole(db, { organizationId, userId: member.user_id, actorRole: "owner" }, role);
      await note("member.role", member.user_id, member.name, { role: { from: member.role, to: role }, by: "groups" });
    }
    return { id: member.user_id, name: member.name };
  }
  if (!provider.just_in_time) throw refused("You are no member of this organization. Ask for an invitation");
  const person = found ?? (await newPerson(db, claims));
  await link(db, provider, claims.sub, person.id);
  await db
    .insertInto("memberships")
    .values({ organization_id: organizationId, user_id: person.id, role: role ?? ("viewer" satisfies ProjectRole) })
    .execute();
  await note("member.join", person.id, person.name, { role: { from: null, to: role }, by: "sso" });
  return person;
}

/** Whom this subject signed in as before. */
async function knownIdentity(db: Scoped, provider: IdentityProvider, subject: string): Promise<Found | undefined> {
  const row = await db
    .selectFrom("provider_identities as i")
    .innerJoin("users as u", "u.id", "i.user_id")
    .select(["u.id", "u.name", "u.disabled_at", "u.is_platform_operator", "u.is_service_account"])
    .where("i.organization_id", "=", provider.organization_id)
    .where("i.issuer", "=", provider.issuer)
    .where("i.subject", "=", subject)
    .executeTakeFirst();
  return row && requireOrdinary(row);
}

/** A provider's word for an address counts for members of its own organization only: anybody may run a provider. */
async function personByEmail(db: Scoped, provider: IdentityProvider, claims: Claims): Promise<Found | undefined> {
  const row = await db
    .selectFrom("users")
    .select(["id", "name", "disabled_at", "is_platform_operator", "is_service_account"])
    .where((eb) => eb.fn("lower", ["email"]), "=", emailOf(claims))
    .executeTakeFirst();
  if (!row) return undefined;
  const person = requireOrdinary(row);
  if (await memberOf(db, provider.organization_id, person.id)) return person;
  throw refused(
    "There is an account with this address already, outside of this organization. Accept an invitation with its password first",
  );
}

function requireOrdinary(
  row: Found & { disabled_at: Date | null; is_platform_operator: boolean; is_service_account: boolean },
): Found {
  if (row.disabled_at) throw refused("The account is disabled");
  if (row.is_platform_operator) throw refused("The platform operator signs in with a password, never by a provider");
  if (row.is_service_account) throw refused("This is a service account, which has keys only");
  return { id: row.id, name: row.name };
}

const memberOf = (db: Scoped, organizationId: string, userId: string): Promise<Member | undefined> =>
  findMember(db, organizationId, userId).catch((error: unknown) => {
    if (error instanceof OnveraError && error.code === "MEMBER_NOT_FOUND") return undefined;
    throw error;
  });

async function newPerson(db: Scoped, claims: Claims): Promise<Found> {
  const email = emailOf(claims);
  const given =
    typeof claims.name === "string" ? [...claims.name.replace(/\p{C}/gu, "").trim()].slice(0, 100).join("") : "";
  const name = given === "" ? email : given;
  const { id, created } = await ensureUser(db, { email, name });
  if (!created) throw refused("Somebody else has just signed in with this address. Try again");
  return { id, name };
}

async function link(db: Scoped, { organization_id, issuer }: IdentityProvider, subject: string, userId: string) {
  await db
    .insertInto("provider_identities")
    .values({ organization_id, issuer, subject, user_id: userId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function emailOf(claims: Claims): string {
  const email = typeof claims.email === "string" ? addressOf(claims.email) : "";
  if (!/^[^\s@\p{C}]{1,100}@[^\s@\p{C}]{1,99}$/u.test(email)) {
    throw refused("The identity provider tells no email address. It must give the claim 'email' for the scope 'email'");
  }
  if (claims.email_verified === false) throw refused("The identity provider has not verified your email address");
  return email;
}

const refused = (message: string) => new OnveraError("SSO_REFUSED", { message });
