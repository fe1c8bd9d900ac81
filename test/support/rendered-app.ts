/** An app's workload rendered into a scratch folder, so that a test can run its bootstrap with nothing else around it. */
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { longLivedKeys } from "../../src/domain/long-lived-keys.ts";
import { renderTemplate, type Workload } from "../../src/domain/workload.ts";
import type { Owner } from "../../src/local/packages/package-paths.ts";
import { type ProgramResult, runProgram } from "../../src/local/packages/run-program.ts";

export interface RenderedApp {
  /** Writes a secret file; the next bootstrap reads it. */
  setSecret(name: string, value: string): Promise<void>;
  /** Runs the workload's bootstrap job with its stdin. */
  bootstrap(workload: Workload, packageFolder: string): Promise<ProgramResult>;
  remove(): Promise<void>;
}

/** Makes the folders and secrets of one deployment. */
export async function renderApp(databaseUrl: string, owner: Owner | null): Promise<RenderedApp> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-app-"));
  const at = (...names: string[]) => path.join(folder, ...names);
  for (const name of ["config", "data", "logs", "run", "secrets"]) await mkdir(at(name));
  const setSecret = (name: string, value: string) => writeFile(at("secrets", name), value, { mode: 0o600 });
  for (const [name, make] of Object.entries(longLivedKeys)) await setSecret(name, make());
  await setSecret("database_url", databaseUrl);
  await setSecret("admin_password", "first-password-of-the-admin");

  const lookup = (packageFolder: string) => (kind: string, name: string) => {
    if (kind === "dir") return name === "package" ? packageFolder : at(name);
    if (kind === "secret-file") return at("secrets", name);
    if (kind === "port") return "8080";
    if (kind === "host" || kind === "address") return "127.0.0.1";
    return kind === "url" ? "http://test-abc123.localhost" : undefined;
  };
  return {
    setSecret,
    async bootstrap(workload, packageFolder) {
      const render = (template: string) => renderTemplate(template, lookup(packageFolder));
      for (const file of workload.files) await writeFile(at("config", file.path), render(file.content));
      if (owner) await give(folder, owner);
      const [job] = workload.jobs;
      const [program = "", ...argv] = (job?.command ?? []).map(render);
      const variables = Object.entries(workload.env).map(([name, value]) => [name, render(value)]);
      return await runProgram({
        command: [program, ...argv],
        cwd: at("data"),
        env: { HOME: at("data"), USER: "onvera", LOGNAME: "onvera", ...Object.fromEntries(variables) },
        stdin: render(job?.stdin ?? ""),
        owner,
      });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function give(file: string, owner: Owner): Promise<void> {
  await chown(file, owner.uid, owner.gid);
  const entries = await readdir(file, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) await give(path.join(file, entry.name), owner);
}
