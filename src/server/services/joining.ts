/** How people come in: by signing up where that is open, or by an invitation. */
import { OnveraError } from "../../domain/errors.ts";
import { passwordFault } from "../../domain/password-rules.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { openInvitation, useInvitation } from "./invitations.ts";
import { insertOrganization } from "./organizations.ts";
import { type Circumstances, openSession, organizationFor } from "./sessions.ts";
import { admitSignIn, noteSignIn } from "./sign-in-throttle.ts";
import { ensureUser, findPerson, hashPassword, type KnownPerson, passwordMatches } from "./users.ts";

export interface SignUp {
  email: string;
  name: string;
  password: string;
  organizationName: string | undefined;
}

/**
 * Makes a person with an organization of their own, and signs them in.
 * @throws OnveraError SIGN_UP_CLOSED, VALIDATION_ERROR, RESOURCE_CONFLICT or SINGLE_ORGANIZATION
 */
export async function signUp(deps: ServerDeps, wanted: SignUp, circumstances: Circumstances) {
  if (deps.signUp !== "open") throw new OnveraError("SIGN_UP_CLOSED");
  requireGoodPassword(wanted.password, [wanted.email, wanted.name]);
  const passwordHash = await hashPassword(wanted.password);
  return transact(deps, null, async (db) => {
    const user = await newPerson(db, { ...wanted, passwordHash });
    const name = wanted.organizationName ?? `${wanted.name}'s organization`;
    const slug = `org-${user.id.slice(-12)}`;
    const organization = await insertOrganization(db, { name, slug, ownerId: user.id }, deps);
    await writeAudit(db, {
      organizationId: organization.id,
      actor: { kind: "user", ...user },
      origin: "web",
      requestId: circumstances.requestId,
      action: "auth.sign_up",
      targetType: "organization",
      targetId: organization.id,
      change: { organization: name },
    });
    return openSession(deps, db, { user, organizationId: organization.id, circumstances });
  });
}

/**
 * Uses an invitation up and signs the person in: a new one with the password they choose, a known one with theirs.
 * @throws OnveraError INVITATION_NOT_VALID, VALIDATION_ERROR, INVALID_CREDENTIALS, ACCESS_DENIED or RATE_LIMIT_EXCEEDED
 */
export async function acceptInvitation(
  deps: ServerDeps,
  wanted: { token: string; name: string | undefined; password: string },
  circumstances: Circumstances,
) {
  const { email, known } = await transact(deps, null, async (db) => {
    const invitation = await openInvitation(db, wanted.token, deps.now());
    return { email: invitation.email, known: await findPerson(db, invitation.email) };
  });
  const name = wanted.name ?? email;
  const attempt = known && (await admitSignIn(deps, { email, address: circumstances.address }));
  if (known) await requireOwnPassword(known, wanted.password);
  else requireGoodPassword(wanted.password, [email, name]);
  const passwordHash = known ? undefined : await hashPassword(wanted.password);
  return transact(deps, null, async (db) => {
    const invitation = await openInvitation(db, wanted.token, deps.now());
    const user = known ?? (await newPerson(db, { email, name, passwordHash }));
    await useInvitation(db, invitation, user.id);
    if (attempt) await noteSignIn(db, attempt, user.id);
    const organizationId = invitation.organization_id;
    await writeAudit(db, {
      organizationId,
      actor: { kind: "user", id: user.id, name: user.name },
      origin: "web",
      requestId: circumstances.requestId,
      action: "member.join",
      targetType: "user",
      targetId: user.id,
      change: { invitation_id: invitation.id, role: { from: null, to: invitation.role } },
    });
    // Who has joined where a password is not enough goes on by the organization's provider.
    const entered = await organizationFor(db, user.id, organizationId).catch((error: unknown) => {
      if (error instanceof OnveraError && error.code === "SSO_REQUIRED") return null;
      throw error;
    });
    return openSession(deps, db, { user, organizationId: entered, circumstances });
  });
}

/** @throws OnveraError VALIDATION_ERROR that says what to choose instead */
export function requireGoodPassword(password: string, about: readonly string[], pointer = "/password"): void {
  const message = passwordFault(password, about);
  if (message) throw new OnveraError("VALIDATION_ERROR", { message, fields: [{ pointer, message }] });
}

/** The link may have been seen by whoever made it, so it never stands in for a known person's own password. */
async function requireOwnPassword(known: KnownPerson, password: string): Promise<void> {
  if (known.password_hash === null) {
    throw new OnveraError("ACCESS_DENIED", {
      message: "This address has an account without a password. Sign in with it the way it was set up",
    });
  }
  const matches = await passwordMatches(known.password_hash, password);
  if (!matches || known.disabled_at) throw new OnveraError("INVALID_CREDENTIALS");
}

async function newPerson(db: Scoped, wanted: { email: string; name: string; passwordHash: string | undefined }) {
  const { email, name, passwordHash } = wanted;
  const { id, created } = await ensureUser(db, { email, name, passwordHash });
  if (!created) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "There is an account with this address already. Sign in" });
  }
  return { id, name };
}
