/** A person's sign-in into an app, let through by Onvera's own page: the one place where it is decided. */
import { OnveraError } from "../../domain/errors.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { type AppMember, memberAt } from "./members.ts";
import { continuePath, type ProviderSource } from "./provider.ts";

export interface LetThrough {
  /** Where the browser goes on. */
  continuePath: string;
  deploymentId: string;
  member: AppMember;
}

/**
 * Lets a sign-in through as the person.
 * @throws OnveraError APP_LOGIN_NOT_FOUND when there is none of that id, or it is over; ACCESS_DENIED
 */
export async function completeSignIn(
  deps: ServerDeps,
  source: ProviderSource,
  { signInId, userId, organizationId }: { signInId: string; userId: string; organizationId: string | null },
): Promise<LetThrough> {
  const provider = await source.current();
  const interaction = await provider?.Interaction.find(signInId);
  const deploymentId = interaction?.params.client_id;
  if (provider === undefined || interaction === undefined || typeof deploymentId !== "string") {
    throw new OnveraError("APP_LOGIN_NOT_FOUND");
  }
  const member = await transact(deps, null, (db) => memberAt(db, { userId, deploymentId }));
  if (member === undefined) {
    throw new OnveraError("ACCESS_DENIED", { message: "Access denied. You are no member where this app belongs" });
  }
  // The session was judged for this organization alone: its own provider, or that only it lets people in, counts here too.
  if (member.organizationId !== organizationId) {
    throw new OnveraError("ACCESS_DENIED", {
      message: "Access denied. The app belongs to another organization of yours: switch to it, then open the app again",
    });
  }
  // Somebody else may have signed in with this browser: what is remembered of them must not mix with this person.
  if (interaction.session?.uid !== undefined) {
    await (await provider.Session.findByUid(interaction.session.uid))?.destroy();
    delete interaction.session;
  }
  interaction.result = { login: { accountId: userId, remember: false } };
  await interaction.save(Math.max(1, interaction.exp - Math.floor(Date.now() / 1000)));
  return { continuePath: continuePath(signInId), deploymentId, member };
}
