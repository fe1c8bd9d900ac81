/** `onvera status`: what of this machine's control plane runs. Exit code 0 when the API is ready, 1 when not. */
import { existsSync } from "node:fs";
import { resolvePaths } from "../local/paths.ts";
import { runningPostmaster } from "../local/postgres/postmaster.ts";
import { createSupervisorClient } from "../local/supervisor/client.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { isReady } from "./background.ts";
import { firstAdminFile } from "./local-key.ts";
import { runningControlPlane } from "./run-record.ts";
import type { Verb } from "./verb.ts";

export const runStatus: Verb = async (options, io) => {
  const paths = resolvePaths();
  const plane = await runningControlPlane(paths);
  const ready = plane !== undefined && (await isReady(plane.apiUrl));
  const postgres = await runningPostmaster(paths.postgres.data);
  const deployments = await supervisedDeployments(supervisorPaths(paths.home).socket);
  const adminFile = firstAdminFile(paths);
  const isAdminKnown = existsSync(adminFile);
  const facts = {
    control_plane: plane ? { pid: plane.pid, api_url: plane.apiUrl, started_at: plane.startedAt, ready } : null,
    database: process.env.DATABASE_URL
      ? { kind: "external" }
      : { kind: "embedded", pid: postgres?.pid ?? null, port: postgres?.port ?? null },
    supervisor: deployments === undefined ? null : { deployments },
    first_admin_file: isAdminKnown ? adminFile : null,
    home: paths.home,
  };
  if (options.output === "json") io.out(`${JSON.stringify(facts, null, 2)}\n`);
  else {
    const line = (name: string, text: string) => io.out(`${name.padEnd(15)}${text}\n`);
    line(
      "Control plane",
      plane ? `${ready ? "ready" : "starting"} at ${plane.apiUrl} (pid ${plane.pid})` : "not running",
    );
    line(
      "Database",
      process.env.DATABASE_URL ? "your own (DATABASE_URL)" : postgres ? `running (pid ${postgres.pid})` : "not running",
    );
    line("Supervisor", deployments === undefined ? "not running" : `running, deployments: ${deployments}`);
    if (isAdminKnown) line("First admin", `e-mail and first password in ${adminFile}`);
    line("Data", paths.home);
    if (!plane) io.out("Start it with 'onvera start', or deploy something.\n");
  }
  return ready ? 0 : 1;
};

async function supervisedDeployments(socket: string): Promise<number | undefined> {
  try {
    const status = await createSupervisorClient(socket).status();
    return status.deployments.length;
  } catch {
    return undefined;
  }
}
