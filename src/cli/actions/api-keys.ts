/** `onvera api-keys`: the keys programs sign in with. */
import type { ApiKey, Data } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, type Invocation, isSet, text, list as values } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { parseDuration } from "../output/elapsed.ts";
import { paintStatus } from "../output/paint.ts";
import { showList, showOne } from "../output/show.ts";
import { confirm, contextNote, requireTerminal } from "../prompt.ts";

type Scope = ApiKey["scopes"][number];

/** The key itself goes to standard output, this once. */
export async function create(invocation: Invocation): Promise<undefined> {
  const body = { name: argument(invocation, 0), ...keyWish(invocation) };
  showNewKey(invocation, await invocation.api().call("createApiKey", { body }));
  return undefined;
}

export async function list(invocation: Invocation): Promise<undefined> {
  showKeys(invocation, await invocation.api().call("listApiKeys", { query: pageOf(invocation) }));
  return undefined;
}

/** What the options say of a new key. @throws CliError exit 2 for a moment that is none */
export function keyWish(invocation: Invocation): { scopes?: Scope[]; expires_at: string | undefined } {
  const scopes = values(invocation, "scope") as Scope[];
  return { ...(scopes.length > 0 && { scopes }), expires_at: moment(invocation, "expires", "--expires") };
}

export const pageOf = (invocation: Invocation) => ({
  page: wholeNumber("--page", text(invocation, "page") ?? "1"),
  per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
});

/** Prints a new key to standard output, this once. */
export function showNewKey({ output }: Invocation, made: Data<"createApiKey">): void {
  output.data(made, { names: () => [made.key], table: () => `${made.key}\n` });
  output.say(`This is shown once. Id for revoking it: ${made.id}`);
}

/** Prints a list of keys. */
export function showKeys(invocation: Invocation, keys: Data<"listApiKeys">): void {
  showList(invocation, keys, {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "NAME", value: ({ name }) => name },
      { title: "KEY", value: ({ hint }) => hint },
      { title: "STATUS", value: ({ status }) => status, paint: paintStatus },
      { title: "LAST USED", value: ({ last_used_at }) => last_used_at ?? "never" },
      { title: "EXPIRES", value: ({ expires_at }) => expires_at ?? "never" },
    ],
    name: ({ id }) => id,
    nothing: "There are no API keys.",
  });
}

/** The new key goes to standard output, this once. */
export async function rotate(invocation: Invocation): Promise<undefined> {
  const made = await invocation.api().call("rotateApiKey", {
    path: { api_key_id: argument(invocation, 0) },
    body: {
      valid_until: moment(invocation, "validFor", "--valid-for"),
      expires_at: moment(invocation, "expires", "--expires"),
    },
  });
  showNewKey(invocation, made);
  const { replaces } = made;
  invocation.output.say(
    replaces.status === "revoked"
      ? `The key before, ${replaces.id}, is revoked.`
      : `The key before, ${replaces.id}, stays valid until ${replaces.expires_at}.`,
  );
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  show(invocation, await invocation.api().call("getApiKey", { path: { api_key_id: argument(invocation, 0) } }));
  return undefined;
}

/** Revoking is permanent. */
export async function revoke(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const id = argument(invocation, 0);
  if (!isSet(invocation, "yes")) {
    requireTerminal(io, "Revoking a key", "--yes");
    if (!(await confirm(io, `${contextNote(invocation)}Revoke API key ${id}? This cannot be undone.`))) {
      output.say("Nothing was revoked.");
      return exitCodes.ok;
    }
  }
  const key = await invocation.api().call("revokeApiKey", { path: { api_key_id: id } });
  output.data(key, { names: () => [id], table: () => `API key ${id} (${key.name}) is revoked.\n` });
  return exitCodes.ok;
}

/** A moment (`2027-01-31`, ISO 8601) or a length from now (`90d`, `12h`). @throws CliError exit 2 for anything else */
function moment(invocation: Invocation, name: string, flag: string): string | undefined {
  const given = text(invocation, name);
  if (given === undefined) return undefined;
  const days = /^(\d+)d$/.exec(given)?.[1];
  const seconds =
    days === undefined ? (/[a-z]$/.test(given) ? parseDuration(given) : undefined) : Number(days) * 86_400;
  const at = seconds === undefined ? Date.parse(given) : invocation.io.now() + seconds * 1000;
  if (Number.isNaN(at)) throw usageError(`${flag} '${given}' is no moment.`, "Write 90d, 12h, or 2027-01-31.");
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

function show(invocation: Invocation, key: ApiKey): void {
  showOne(invocation, key, key.id, [
    ["ID", key.id],
    ["Name", key.name],
    ["Key", key.hint],
    ["Service account", key.service_account_id],
    ["Status", key.status],
    ["Scopes", key.scopes.join(", ")],
    ["Created at", key.created_at],
    ["Expires at", key.expires_at ?? "never"],
    ["Last used at", key.last_used_at ?? "never"],
    ["Revoked at", key.revoked_at],
    ["Replaced by", key.replaced_by],
  ]);
}
