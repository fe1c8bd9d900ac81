/** `onvera members` and `onvera access explain`. */
import type { Data, Query } from "../api/contract.ts";
import { CliError, usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, type Invocation, isSet } from "../invocation.ts";
import { showList, showOne } from "../output/show.ts";
import { confirm, contextNote, requireTerminal } from "../prompt.ts";

type Member = Data<"getMember">;

export async function list(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listMembers"), {
    columns: [
      { title: "ID", value: ({ user_id }) => user_id },
      { title: "NAME", value: ({ name }) => name },
      { title: "EMAIL", value: ({ email }) => email },
      { title: "ROLE", value: ({ role }) => role },
      { title: "SINCE", value: ({ joined_at }) => joined_at },
    ],
    name: ({ user_id }) => user_id,
    nothing: "There are no members.",
  });
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  const path = { user_id: await memberId(invocation, argument(invocation, 0)) };
  show(invocation, await invocation.api().call("getMember", { path }));
  return undefined;
}

export async function setRole(invocation: Invocation): Promise<undefined> {
  const path = { user_id: await memberId(invocation, argument(invocation, 0)) };
  const role = argument(invocation, 1) as Member["role"];
  show(invocation, await invocation.api().call("updateMember", { path, body: { role } }));
  return undefined;
}

export async function remove(invocation: Invocation): Promise<number> {
  const who = argument(invocation, 0);
  const path = { user_id: await memberId(invocation, who) };
  if (!(await sure(invocation, "Removing a member", `Remove ${who} from the organization?`))) return exitCodes.ok;
  told(invocation, await invocation.api().call("removeMember", { path }));
  return exitCodes.ok;
}

export async function leave(invocation: Invocation): Promise<number> {
  if (!(await sure(invocation, "Leaving an organization", "Leave the organization?"))) return exitCodes.ok;
  told(invocation, await invocation.api().call("leaveOrganization"));
  return exitCodes.ok;
}

export async function transfer(invocation: Invocation): Promise<number> {
  const who = argument(invocation, 0);
  const path = { user_id: await memberId(invocation, who) };
  const question = `Make ${who} the owner and become an admin yourself?`;
  if (!(await sure(invocation, "Handing on an organization", question))) return exitCodes.ok;
  show(invocation, await invocation.api().call("transferOwnership", { path }));
  return exitCodes.ok;
}

/** Yes is exit code 0, no is 4, so that scripts can ask. */
export async function explain(invocation: Invocation): Promise<number> {
  const [user = "", action = "", resource] = invocation.args;
  const query = { user, action, ...(resource === undefined ? {} : { resource }) } as Query<"explainAccess">;
  const answer = await invocation.api().call("explainAccess", { query });
  invocation.output.data(answer, {
    names: () => [answer.allowed ? "yes" : "no"],
    table: () => `${answer.allowed ? "yes" : "no"}: ${answer.reason}\n`,
  });
  return answer.allowed ? exitCodes.ok : exitCodes.notAllowed;
}

/** A member's id from an id or an address. @throws CliError exit 3 */
export async function memberId(invocation: Invocation, given: string): Promise<string> {
  if (!given.includes("@")) return given;
  const { items } = await invocation.api().call("listMembers");
  const found = items.find(({ email }) => email.toLowerCase() === given.toLowerCase());
  if (found) return found.user_id;
  throw new CliError(`Nobody with the address ${given} is in the organization.`, {
    exitCode: exitCodes.notFound,
    nextSteps: ["See who is: onvera members list"],
  });
}

/** Asks before something that is not easily undone. @throws CliError exit 2 where nobody can be asked */
export async function sure(invocation: Invocation, what: string, question: string): Promise<boolean> {
  const { io, output } = invocation;
  if (isSet(invocation, "yes")) return true;
  requireTerminal(io, what, "--yes");
  const agreed = await confirm(io, `${contextNote(invocation)}${question}`);
  if (!agreed) output.say("Nothing was changed.");
  return agreed;
}

/** A whole number of days. @throws CliError exit 2 */
export function daysOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!/^\d{1,2}$/.test(given)) throw usageError(`--days '${given}' is no number of days.`, "Write 1 to 30.");
  return Number(given);
}

function told({ output }: Invocation, gone: Data<"removeMember">): void {
  const keys = gone.revoked_api_keys === 0 ? "" : ` ${gone.revoked_api_keys} API keys of theirs ended.`;
  output.data(gone, {
    names: () => [gone.user_id],
    table: () => `${gone.name} (${gone.email}) is no longer a member.${keys}\n`,
  });
}

function show(invocation: Invocation, member: Member): void {
  showOne(invocation, member, member.user_id, [
    ["ID", member.user_id],
    ["Name", member.name],
    ["Email", member.email],
    ["Role", member.role],
    ["Member since", member.joined_at],
  ]);
}
