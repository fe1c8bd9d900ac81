/** `onvera sso`: the organization's own identity provider. */
import { type ProjectRole, projectRoles } from "../../domain/membership.ts";
import type { Data } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { choice, type Invocation, isRefused, isSet, text, list as values } from "../invocation.ts";
import { showOne } from "../output/show.ts";
import { readSecret } from "../prompt.ts";
import { sure } from "./members.ts";

/** @throws CliError exit 2 for an option that is missing or no group and role */
export async function set(invocation: Invocation): Promise<undefined> {
  const [issuer, clientId] = [text(invocation, "issuer"), text(invocation, "clientId")];
  if (issuer === undefined || clientId === undefined) {
    throw usageError("--issuer and --client-id are needed.", "See: onvera sso set --help");
  }
  const secret = isRefused(invocation, "secret") ? null : await askSecret(invocation);
  const body = {
    issuer,
    client_id: clientId,
    ...(secret === "" ? {} : { client_secret: secret }),
    scopes: ["openid", "email", "profile", ...values(invocation, "askScope")],
    group_claim: text(invocation, "groupClaim") ?? "groups",
    group_roles: values(invocation, "group").map(groupRole),
    default_role: choice<ProjectRole>(invocation, "defaultRole") ?? null,
    just_in_time: !isSet(invocation, "membersOnly"),
    sso_only: isSet(invocation, "ssoOnly"),
  };
  show(invocation, await invocation.api().call("putSso", { body }));
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  const current = await invocation.api().call("getSso");
  if (current !== null) show(invocation, current);
  else {
    const nothing = "No identity provider is set. Set one with: onvera sso set --help\n";
    invocation.output.data(current, { names: () => [], table: () => nothing });
  }
  return undefined;
}

/** Exit code 1 where something a sign-in needs is missing. */
export async function test(invocation: Invocation): Promise<number> {
  const report = await invocation.api().call("testSso");
  invocation.output.data(report, {
    names: () => report.checks.filter(({ ok }) => !ok).map(({ name }) => name),
    table: () =>
      report.checks.map(({ name, ok, detail }) => `${ok ? "ok     " : "PROBLEM"}  ${name}  ${detail}\n`).join(""),
  });
  return report.ok ? exitCodes.ok : exitCodes.failed;
}

export async function remove(invocation: Invocation): Promise<number> {
  const question = "Remove the identity provider? Members sign in with passwords again.";
  if (!(await sure(invocation, "Removing the identity provider", question))) return exitCodes.ok;
  const gone = await invocation.api().call("deleteSso");
  invocation.output.data(gone, { names: () => [gone.issuer], table: () => `${gone.issuer} is removed.\n` });
  return exitCodes.ok;
}

const askSecret = ({ io }: Invocation): Promise<string> => readSecret(io, "Client secret (empty: the stored one)");

function groupRole(given: string): { group: string; role: ProjectRole } {
  const at = given.lastIndexOf("=");
  const role = projectRoles.find((known) => known === given.slice(at + 1));
  if (at < 1 || role === undefined) {
    throw usageError(`--group '${given}' is no group and role.`, `Write GROUP=ROLE, with ${projectRoles.join(", ")}.`);
  }
  return { group: given.slice(0, at), role };
}

function show(invocation: Invocation, sso: Data<"putSso">): void {
  const groups = sso.group_roles.map(({ group, role }) => `${group} → ${role}`);
  showOne(invocation, sso, sso.issuer, [
    ["Issuer", sso.issuer],
    ["Client", sso.client_id],
    ["Client secret", sso.has_client_secret ? "stored" : "none"],
    ["Asked for", sso.scopes.join(" ")],
    ["Groups", groups.length === 0 ? "none" : `${groups.join(", ")} (claim ${sso.group_claim})`],
    ["Everybody else", sso.default_role ?? "not let in"],
    ["New people", sso.just_in_time ? "become members" : "are refused"],
    ["Passwords", sso.sso_only ? "owners only" : "as before"],
    ["Changed at", sso.updated_at],
  ]);
}
