/** Turns the options of `deploy` and `update` into the API's fields. */
import { readFile } from "node:fs/promises";
import type { CreateDeployment } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { choice, type Invocation, isSet, list, text } from "../invocation.ts";
import { pairs, wholeNumber } from "../options.ts";

/** Fields createDeployment and updateDeployment both take in this form. */
export type SpecFields = Omit<
  CreateDeployment,
  "app_type" | "name" | "environment_id" | "protected" | "bench_resources"
>;

/** The body of createDeployment; only what was given is in it. */
export async function creationBody(invocation: Invocation, app: string): Promise<CreateDeployment> {
  return dropUndefined({
    app_type: app as CreateDeployment["app_type"],
    name: text(invocation, "name"),
    environment_id: text(invocation, "environment"),
    protected: isSet(invocation, "protected") || undefined,
    ...(await specFields(invocation, app)),
  });
}

/** The fields `deploy` and `update` share. */
export async function specFields(invocation: Invocation, app: string | undefined): Promise<SpecFields> {
  const variables = {
    ...(await envFile(text(invocation, "envFile"))),
    ...pairs("--env", list(invocation, "env")),
  };
  return dropUndefined({
    version: text(invocation, "version"),
    size: choice<NonNullable<CreateDeployment["size"]>>(invocation, "size"),
    replicas: unlessEmpty(replicas(list(invocation, "replicas"))),
    environment_variables: unlessEmpty(variables),
    requirements: await requirements(list(invocation, "requirements")),
    superset: unlessEmpty(supersetFields(invocation, app)),
    airflow: unlessEmpty(await airflowFields(invocation, app)),
  });
}

/** `scheduler=2` pairs as numbers. @throws CliError exit 2 */
export function replicas(values: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pairs("replicas", values)).map(([process, count]) => [process, wholeNumber(process, count)]),
  );
}

function supersetFields(invocation: Invocation, app: string | undefined): NonNullable<SpecFields["superset"]> {
  const flags = Object.entries(pairs("--feature-flag", list(invocation, "featureFlag").map(withTrue)));
  const config = Object.entries(pairs("--config", list(invocation, "config")));
  if (flags.length + config.length > 0) onlyFor("superset", app, "--feature-flag and --config");
  return dropUndefined({
    feature_flags: unlessEmpty(Object.fromEntries(flags.map(([name, value]) => [name, truth(name, value)]))),
    config: unlessEmpty(Object.fromEntries(config.map(([name, value]) => [name, json(name, value)]))),
  });
}

async function airflowFields(
  invocation: Invocation,
  app: string | undefined,
): Promise<NonNullable<SpecFields["airflow"]>> {
  const url = text(invocation, "dagsGit");
  const [branch, folder] = [text(invocation, "dagsBranch"), text(invocation, "dagsDir")];
  if (url === undefined && (branch !== undefined || folder !== undefined)) {
    throw usageError("--dags-branch and --dags-dir need --dags-git.");
  }
  const connections = await mapFile("--connections", text(invocation, "connections"));
  const variables = {
    ...(await mapFile("--variables", text(invocation, "variables"))),
    ...pairs("--variable", list(invocation, "variable")),
  };
  const fields = dropUndefined({
    executor: choice<NonNullable<NonNullable<SpecFields["airflow"]>["executor"]>>(invocation, "executor"),
    dags: url === undefined ? undefined : { url, branch: branch ?? "main", subdirectory: folder ?? "" },
    connections: unlessEmpty(connections),
    variables: unlessEmpty(variables),
  });
  if (Object.keys(fields).length > 0) onlyFor("airflow", app, "--executor, --dags-…, --connections and --variable");
  return fields;
}

function onlyFor(wanted: string, app: string | undefined, flags: string): void {
  if (app !== undefined && app !== wanted) throw usageError(`${flags} are for ${wanted}, not ${app}.`);
}

/** Each value is a requirement, or a file of them when it names one (`requirements.txt`, `./more`). */
async function requirements(values: readonly string[]): Promise<string[] | undefined> {
  if (values.length === 0) return undefined;
  const lists = await Promise.all(
    values.map(async (value) => (/[/\\]|\.txt$/.test(value) ? linesOf(await read("--requirements", value)) : [value])),
  );
  return lists.flat();
}

async function envFile(path: string | undefined): Promise<Record<string, string>> {
  if (path === undefined) return {};
  return pairs(
    "--env-file",
    linesOf(await read("--env-file", path)).map((line) => line.replace(/^export\s+/, "")),
  );
}

/** A JSON or YAML file that maps names to texts; for values that must not stand on a command line. */
async function mapFile(flag: string, path: string | undefined): Promise<Record<string, string>> {
  if (path === undefined) return {};
  const { parse } = await import("yaml");
  const content: unknown = parse(await read(flag, path));
  const isMap = typeof content === "object" && content !== null && !Array.isArray(content);
  if (!isMap || !Object.values(content).every((value) => typeof value === "string")) {
    throw usageError(`${flag} ${path}: the file must map names to texts, in JSON or YAML.`);
  }
  return content as Record<string, string>;
}

async function read(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, "utf8");
  } catch (error) {
    throw usageError(`${flag} ${path} cannot be read: ${(error as Error).message}`);
  }
}

const linesOf = (content: string): string[] =>
  content
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");

const withTrue = (flag: string): string => (flag.includes("=") ? flag : `${flag}=true`);

function truth(name: string, value: string): boolean {
  if (/^(true|on|yes|1)$/i.test(value)) return true;
  if (/^(false|off|no|0)$/i.test(value)) return false;
  throw usageError(`--feature-flag ${name}=${value}: the value is true or false.`);
}

function json(name: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw usageError(`--config ${name}: '${value}' is not JSON.`, `A text needs its quotes: --config '${name}="text"'`);
  }
}

const unlessEmpty = <T extends object>(map: T): T | undefined => (Object.keys(map).length === 0 ? undefined : map);

/** The service refuses fields without a value; those not given are left out. */
const dropUndefined = <T extends object>(map: T): T =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined)) as T;
