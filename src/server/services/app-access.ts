/** Who is in a deployment's app, put together from the members of now and the records of the last sync. */

import type { Selectable } from "kysely";
import type { z } from "zod";
import { type AppMember, appMembers } from "../../automation/access/app-members.ts";
import { appTypeOf } from "../../domain/deployment-spec.ts";
import { OnveraError } from "../../domain/errors.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import type { AccessSyncsTable, AppPeopleTable } from "../../store/tables/access.ts";
import type { AppPersonView, DeploymentAccessView } from "../schemas/app-access.ts";
import type { DeploymentRow } from "./deployment-rows.ts";

type AccessView = z.infer<typeof DeploymentAccessView>;
type PersonView = z.infer<typeof AppPersonView>;
type Sync = Selectable<AccessSyncsTable>;

/** Reads it all in one transaction. */
export async function readAccess(db: Scoped, row: DeploymentRow): Promise<AccessView> {
  const sync = await db.selectFrom("access_syncs").selectAll().where("deployment_id", "=", row.id).executeTakeFirst();
  const active = await db
    .selectFrom("operations")
    .select("id")
    .where("resource_id", "=", row.id)
    .where("type", "=", "access.sync")
    .where("status", "in", ["queued", "running"])
    .executeTakeFirst();
  const known = await db.selectFrom("app_people").selectAll().where("deployment_id", "=", row.id).execute();
  const open = row.destroy_requested_at === null && sync?.closed_at == null;
  const wanted = open ? await appMembers(db, row.id) : [];
  const state = stateOf(row, sync, { open, isActive: active !== undefined });
  return {
    deployment_id: row.id,
    state,
    checked_at: sync?.checked_at ? timestamp(sync.checked_at) : null,
    next_sync_at: sync && open && state !== "waits_for_start" ? timestamp(sync.due_at) : null,
    failures: sync?.failures ?? 0,
    error: sync?.error_code ? { code: sync.error_code, message: sync.error_message ?? "" } : null,
    operation_id: active?.id ?? null,
    items: peopleOf(wanted, known, sync),
  };
}

/** @throws OnveraError RESOURCE_CONFLICT that says why an app cannot be synced now */
export function refuseSync(row: DeploymentRow): void {
  const message = syncRefusal(row);
  if (message !== undefined) throw new OnveraError("RESOURCE_CONFLICT", { message });
}

function syncRefusal({ status, app_type: appType, spec }: DeploymentRow): string | undefined {
  if (appTypeOf(appType) === undefined) return "This app has no people of its own";
  if (status === "destroyed") return "Deployment has been destroyed";
  if (status === "destroying") return "Deployment is being destroyed and lets nobody in";
  if (status === "failed") return "Deployment has failed. It can only be destroyed";
  if (status === "provisioning") return "Deployment is still being provisioned. Its access is synced when it is ready";
  if (spec.power_state === "stopped") return "Deployment is stopped. Start it first; its access is synced then";
  return undefined;
}

function stateOf(
  { spec, status }: DeploymentRow,
  sync: Sync | undefined,
  { open, isActive }: { open: boolean; isActive: boolean },
): AccessView["state"] {
  if (!open) return "closed";
  if (isActive) return "syncing";
  if (status === "ready" && spec.power_state === "stopped") return "waits_for_start";
  if (sync === undefined) return "pending";
  if (sync.failures > 0) return "failing";
  return sync.wanted_version === sync.synced_version ? "synced" : "pending";
}

/** Members first, by address; then whom the app was seen to have and who is no member. */
function peopleOf(
  wanted: readonly AppMember[],
  known: readonly Selectable<AppPeopleTable>[],
  sync: Sync | undefined,
): PersonView[] {
  const seen = new Map(known.map((person) => [person.username, person]));
  const members = new Set(wanted.map(({ email }) => email));
  const others = known.filter(({ username }) => !members.has(username));
  others.sort((a, b) => (a.username < b.username ? -1 : 1));
  const checkedAt = sync?.checked_at ? timestamp(sync.checked_at) : null;
  const view = (email: string, member: AppMember | undefined): PersonView => {
    const person = seen.get(email);
    const actual = person?.role ?? null;
    const wantedRole = member?.role ?? null;
    const error = person?.error ?? null;
    const fits = actual === wantedRole && (member === undefined || person !== undefined);
    return {
      user_id: member?.userId ?? null,
      email,
      name: member?.name ?? null,
      wanted_role: wantedRole,
      actual_role: actual,
      state: error !== null ? "failed" : !fits ? "pending" : member === undefined ? "removed" : "synced",
      since: person ? timestamp(person.since) : null,
      checked_at: person ? checkedAt : null,
      error,
    };
  };
  return [
    ...wanted.map((member) => view(member.email, member)),
    ...others.map(({ username }) => view(username, undefined)),
  ];
}
