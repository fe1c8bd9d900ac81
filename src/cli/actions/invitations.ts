/** `onvera invitations`. */
import { storedLine, storeKey } from "../config/credentials.ts";
import { usageError } from "../errors.ts";
import { argument, choice, type Invocation, text } from "../invocation.ts";
import { showList, showOne } from "../output/show.ts";
import { readSecret } from "../prompt.ts";
import { keyOfSession } from "./auth.ts";
import { daysOf } from "./members.ts";

/** The token goes to standard output, this once. */
export async function create(invocation: Invocation): Promise<undefined> {
  const { output, settings } = invocation;
  const created = await invocation.api().call("createInvitation", {
    body: {
      email: argument(invocation, 0),
      role: choice(invocation, "role") ?? "viewer",
      expires_in_days: daysOf(text(invocation, "days")) ?? 7,
    },
  });
  const { token } = created;
  if (token === null) {
    output.data(created, { names: () => [created.id], table: () => `A mail to ${created.email} is on its way.\n` });
    output.say(`Its link is good once, until ${created.expires_at}. What becomes of it: onvera invitations list`);
    return undefined;
  }
  output.data(created, { names: () => [token], table: () => `${token}\n` });
  output.say(`Good once, until ${created.expires_at}. ${created.email} joins as ${created.role} with:`);
  output.say(`  onvera --api-url ${settings.apiUrl} invitations accept`);
  return undefined;
}

export async function list(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listInvitations"), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "EMAIL", value: ({ email }) => email },
      { title: "ROLE", value: ({ role }) => role },
      { title: "STATUS", value: ({ status }) => status },
      { title: "MAIL", value: ({ mail_status, mail_error }) => mail_error ?? mail_status ?? "" },
      { title: "EXPIRES", value: ({ expires_at }) => expires_at },
    ],
    name: ({ id }) => id,
    nothing: "There are no invitations.",
  });
  return undefined;
}

export async function revoke(invocation: Invocation): Promise<undefined> {
  const path = { invitation_id: argument(invocation, 0) };
  const invitation = await invocation.api().call("revokeInvitation", { path });
  showOne(invocation, invitation, invitation.id, [
    ["ID", invitation.id],
    ["Email", invitation.email],
    ["Status", invitation.status],
  ]);
  return undefined;
}

/** Joins, and keeps a key of one's own for this machine, as signing in does. */
export async function accept(invocation: Invocation): Promise<undefined> {
  const { io, output } = invocation;
  const [token = "", password = ""] = io.canAsk
    ? [await readSecret(io, "Invitation token"), await readSecret(io, "Your password (new here: choose one)")]
    : (await readSecret(io, "")).split(/\r?\n/);
  if (token === "" || password === "") {
    throw usageError("The token and the password are needed.", "Give them as two lines of standard input.");
  }
  const name = text(invocation, "name");
  const session = await invocation
    .apiWith({})
    .call("acceptInvitation", { body: { token, password, ...(name === undefined ? {} : { name }) } });
  storeKey(invocation, await keyOfSession(invocation, session.access_token));
  output.line(`✓ You are a member of ${session.organization_id}.`);
  output.line(storedLine(invocation));
  return undefined;
}
