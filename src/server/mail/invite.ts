/** The mail of an invitation, where mails are sent. */
import { invitationMail } from "../../domain/invitation-mail.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";
import type { Invitation } from "../services/invitations.ts";
import { queueMail } from "./outbox.ts";

/** Queues it in the invitation's own transaction. @returns whether there is one */
export async function mailInvitation(
  { mail, dataKeys }: Pick<ServerDeps, "mail" | "dataKeys">,
  db: Scoped,
  { invitation, token, inviter }: { invitation: Invitation; token: string; inviter: string },
): Promise<boolean> {
  if (mail === undefined) return false;
  const { name: organization } = await db
    .selectFrom("organizations")
    .select("name")
    .where("id", "=", invitation.organization_id)
    .executeTakeFirstOrThrow();
  // Behind the #, so that the token reaches no server's log.
  const link = `${mail.dashboardUrl}/join#${token}`;
  const { role, expires_at: expiresAt } = invitation;
  await queueMail(db, dataKeys, {
    organizationId: invitation.organization_id,
    invitationId: invitation.id,
    recipient: invitation.email,
    mail: invitationMail({ organization, inviter, role, link, expiresAt }),
  });
  return true;
}
