/** `onvera service-accounts`: programs that act as themselves. */
import type { Data } from "../api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, choice, type Invocation, text } from "../invocation.ts";
import { showList, showOne } from "../output/show.ts";
import { keyWish, pageOf, showKeys, showNewKey } from "./api-keys.ts";
import { sure } from "./members.ts";

type Account = Data<"getServiceAccount">;

const pathOf = (invocation: Invocation) => ({ service_account_id: argument(invocation, 0) });

export async function create(invocation: Invocation): Promise<undefined> {
  const body = {
    name: argument(invocation, 0),
    role: choice<Account["role"]>(invocation, "role") ?? ("viewer" as const),
    description: text(invocation, "description") ?? "",
  };
  show(invocation, await invocation.api().call("createServiceAccount", { body }));
  return undefined;
}

export async function list(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listServiceAccounts"), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "NAME", value: ({ name }) => name },
      { title: "ROLE", value: ({ role }) => role },
      { title: "KEYS", value: ({ active_keys }) => String(active_keys) },
      { title: "LAST USED", value: ({ last_used_at }) => last_used_at ?? "never" },
      { title: "DESCRIPTION", value: ({ description }) => description },
    ],
    name: ({ id }) => id,
    nothing: "There are no service accounts.",
  });
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  show(invocation, await invocation.api().call("getServiceAccount", { path: pathOf(invocation) }));
  return undefined;
}

export async function update(invocation: Invocation): Promise<undefined> {
  const [name, description] = [text(invocation, "name"), text(invocation, "description")];
  const role = choice<Account["role"]>(invocation, "role");
  const body = {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(role !== undefined && { role }),
  };
  show(invocation, await invocation.api().call("updateServiceAccount", { path: pathOf(invocation), body }));
  return undefined;
}

export async function remove(invocation: Invocation): Promise<number> {
  const id = argument(invocation, 0);
  const question = `Delete service account ${id}? Its keys end at once, for ever.`;
  if (!(await sure(invocation, "Deleting a service account", question))) return exitCodes.ok;
  const gone = await invocation.api().call("deleteServiceAccount", { path: pathOf(invocation) });
  invocation.output.data(gone, {
    names: () => [gone.id],
    table: () => `Service account ${gone.id} (${gone.name}) is deleted; keys that ended: ${gone.revoked_api_keys}.\n`,
  });
  return exitCodes.ok;
}

export async function createKey(invocation: Invocation): Promise<undefined> {
  const body = { name: argument(invocation, 1), ...keyWish(invocation) };
  showNewKey(invocation, await invocation.api().call("createServiceAccountKey", { path: pathOf(invocation), body }));
  return undefined;
}

export async function listKeys(invocation: Invocation): Promise<undefined> {
  const asked = { path: pathOf(invocation), query: pageOf(invocation) };
  showKeys(invocation, await invocation.api().call("listServiceAccountKeys", asked));
  return undefined;
}

function show(invocation: Invocation, account: Account): void {
  showOne(invocation, account, account.id, [
    ["ID", account.id],
    ["Name", account.name],
    ["Description", account.description],
    ["Role", account.role],
    ["Keys", String(account.active_keys)],
    ["Last used at", account.last_used_at ?? "never"],
    ["Created by", account.created_by],
    ["Created at", account.created_at],
  ]);
}
