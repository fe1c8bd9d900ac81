/** Writes a deployment's secrets and configuration files, and says what they are in one digest. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { secretsIn, type WorkloadFile } from "../../domain/workload.ts";
import { type DeploymentFolders, makeFolder, type Owner, placeFile } from "./folders.ts";
import { type RenderFacts, render } from "./rendering.ts";

/** A hash over any JSON value; maps count the same in any order. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 32);
}

/** Makes the secrets folder hold exactly these, each in a file only the deployment's uid reads. */
export function writeSecrets(folders: DeploymentFolders, owner: Owner, secrets: Record<string, string>): void {
  for (const [name, value] of Object.entries(secrets)) {
    placeFile(path.join(folders.secrets, name), value, { mode: 0o600, owner, by: "deployment" });
  }
  for (const name of readdirSync(folders.secrets)) {
    if (!Object.hasOwn(secrets, name)) rmSync(path.join(folders.secrets, name), { force: true });
  }
}

/** The secrets as written; empty before the first write. */
export function readSecrets(folders: DeploymentFolders): Record<string, string> {
  let names: string[];
  try {
    names = readdirSync(folders.secrets).filter((name) => !name.startsWith("."));
  } catch {
    return {};
  }
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folders.secrets, name), "utf8")]));
}

/**
 * Renders the configuration files and removes earlier ones that are no longer wanted.
 * @param earlier paths written before
 * @returns a digest over all contents, and the paths written
 */
export function writeConfigFiles(
  files: WorkloadFile[],
  facts: RenderFacts,
  owner: Owner,
  earlier: string[],
): { digest: string; paths: string[] } {
  // All are rendered before the first is written: an unknown reference must not leave half a configuration.
  const rendered = files.map((file) => ({
    ...file,
    text: render(file.content, facts),
    secret: secretsIn(file.content).length > 0,
  }));
  for (const file of rendered) {
    const target = path.join(facts.folders.config, file.path);
    makeParents(facts.folders.config, path.dirname(file.path), owner);
    const open = file.executable ? 0o750 : 0o640;
    const closed = file.executable ? 0o700 : 0o600;
    placeFile(target, file.text, {
      mode: file.secret ? closed : open,
      owner,
      by: file.secret ? "deployment" : "supervisor",
    });
  }
  const paths = rendered.map((file) => file.path);
  for (const old of earlier) if (!paths.includes(old)) rmSync(path.join(facts.folders.config, old), { force: true });
  return { digest: digestOf(rendered.map(({ path: name, text, executable }) => [name, text, executable])), paths };
}

function makeParents(base: string, relative: string, owner: Owner): void {
  let folder = base;
  for (const part of relative === "." ? [] : relative.split("/")) {
    folder = path.join(folder, part);
    mkdirSync(folder, { recursive: true });
    makeFolder(folder, 0o750, owner, "supervisor");
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}
