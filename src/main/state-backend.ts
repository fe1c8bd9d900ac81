/** How the engine reaches Pulumi's state: the control plane's database, as a login that owns the state and nothing else. */
import type { StateBackend } from "../automation/runner/environment.ts";
import { ensureStateRole, stateRoleName } from "../store/state-role.ts";
import type { Installation } from "./installation.ts";

/** Gives the state login its password, which never stands in a URL, and tells how to reach the state. */
export async function createStateBackend(installation: Installation): Promise<StateBackend> {
  await ensureStateRole(installation.databaseUrl, installation.statePassword);
  return stateBackend(installation);
}

/** The same of an installation whose workers made the login already. */
export function stateBackend({ databaseUrl, statePassword }: Installation): StateBackend {
  const url = new URL(databaseUrl);
  const database = decodeURIComponent(url.pathname.slice(1));
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    database,
    user: stateRoleName(database),
    password: statePassword,
    sslMode: sslMode(url.searchParams.get("sslmode")),
  };
}

function sslMode(asked: string | null): StateBackend["sslMode"] {
  const modes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
  return modes.find((mode) => mode === asked) ?? "prefer";
}
