/** How the engine reaches Pulumi's state: the control plane's database, as a login that owns the state and nothing else. */
import path from "node:path";
import type { StateBackend } from "../automation/runner/environment.ts";
import { ensureStateRole } from "../store/state-role.ts";
import { ensureSecretFile } from "./credentials-file.ts";
import type { Installation } from "./installation.ts";

/** Sets the state login's password, which never stands in a URL, and gives the backend. */
export async function createStateBackend({ databaseUrl, paths }: Installation): Promise<StateBackend> {
  const password = ensureSecretFile(path.join(paths.secrets, "pulumi-state"));
  const user = await ensureStateRole(databaseUrl, password);
  const url = new URL(databaseUrl);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    database: decodeURIComponent(url.pathname.slice(1)),
    user,
    password,
    sslMode: sslMode(url.searchParams.get("sslmode")),
  };
}

function sslMode(asked: string | null): StateBackend["sslMode"] {
  const modes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
  return modes.find((mode) => mode === asked) ?? "prefer";
}
