/** `onvera config`: the CLI's own configuration. Keys are shown masked and are set by `onvera auth login` only. */
import { displayPath, type StoredContext } from "../config/config-file.ts";
import { normalUrl } from "../config/settings.ts";
import { CliError, usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, type Invocation } from "../invocation.ts";
import { type OutputFormat, outputFormats } from "../output/formats.ts";
import { table } from "../output/table.ts";

interface Entry {
  name: string;
  value: string | null;
  from: string;
}

/** What is in force, and where each value comes from. */
export async function list(invocation: Invocation): Promise<undefined> {
  const entries = entriesOf(invocation);
  invocation.output.data(Object.fromEntries(entries.map(({ name, value }) => [name, value])), {
    names: () => entries.map(({ name }) => name),
    table: (hasColor) =>
      table(
        [
          { title: "NAME", value: ({ name }) => name },
          { title: "FROM", value: ({ from }) => from },
          { title: "VALUE", value: ({ value }) => value ?? "" },
        ],
        entries,
        hasColor,
      ),
  });
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  const name = argument(invocation, 0);
  const entry = entriesOf(invocation).find((candidate) => candidate.name === name);
  if (entry === undefined) throw unknown(invocation, name);
  if (entry.value === null) throw new CliError(`${name} is not set.`, { exitCode: exitCodes.notFound });
  const value = entry.value;
  invocation.output.data(value, { names: () => [value], table: () => `${value}\n` });
  return undefined;
}

export async function set(invocation: Invocation): Promise<undefined> {
  const [name, value] = [argument(invocation, 0), argument(invocation, 1)];
  const file = invocation.config.read();
  if (name === "output") {
    if (!outputFormats.includes(value as OutputFormat))
      throw usageError(`output is one of ${outputFormats.join(", ")}.`);
    invocation.config.write({ ...file, output: value as OutputFormat });
  } else if (name === "api_url") {
    const context = invocation.settings.contextName;
    const url = normalUrl(value);
    invocation.config.write({
      ...file,
      current_context: file.current_context ?? context,
      contexts: { ...file.contexts, [context]: withUrl(file.contexts[context], url) },
    });
  } else if (name === "api_key") {
    throw usageError("A key does not belong on a command line.", "Use: onvera auth login --key");
  } else throw unknown(invocation, name);
  invocation.output.say(`${name} is set.`);
  return undefined;
}

export async function path(invocation: Invocation): Promise<undefined> {
  const { config, output } = invocation;
  output.data(config.path, { names: () => [config.path], table: () => `${config.path}\n` });
  return undefined;
}

/** A key belongs to one service: it does not move to another address. */
function withUrl(context: StoredContext | undefined, url: string): StoredContext {
  const isSame = context?.api_url !== undefined && new URL(context.api_url).origin === new URL(url).origin;
  const { api_key, local: _local, ...rest } = context ?? {};
  return { ...rest, api_url: url, ...(isSame && api_key !== undefined ? { api_key } : {}) };
}

function entriesOf({ settings, config, flags, io }: Invocation): Entry[] {
  const file = displayPath(config.path, io.env);
  return [
    {
      name: "context",
      value: settings.contextName,
      from: flags.context ? "flag" : io.env.ONVERA_CONTEXT ? "environment" : file,
    },
    { name: "api_url", value: settings.apiUrl, from: settings.apiUrlFrom },
    { name: "api_key", value: masked(settings.apiKey), from: settings.apiKeyFrom ?? "not set" },
    { name: "output", value: settings.output, from: flags.output ? "flag" : config.read().output ? file : "default" },
  ];
}

/** Enough to recognise a key, nothing to use it. */
const masked = (key: string | undefined): string | null =>
  key === undefined ? null : `${key.slice(0, Math.min(16, Math.floor(key.length / 3)))}…`;

const unknown = (invocation: Invocation, name: string): CliError =>
  usageError(
    `There is no setting '${name}'.`,
    `There are: ${entriesOf(invocation)
      .map((entry) => entry.name)
      .join(", ")}`,
  );
