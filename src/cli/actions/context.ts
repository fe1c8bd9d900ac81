/** `onvera context`: several services or accounts side by side, one in use. */
import { normalUrl } from "../config/settings.ts";
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { showList } from "../output/show.ts";

export async function list(invocation: Invocation): Promise<undefined> {
  const { config, settings } = invocation;
  const items = Object.entries(config.read().contexts).map(([name, context]) => ({
    name,
    current: name === settings.contextName,
    api_url: context.api_url ?? null,
    signed_in: context.api_key !== undefined,
    production: context.production === true,
  }));
  showList(
    invocation,
    { items },
    {
      columns: [
        { title: "IN USE", value: ({ current }) => (current ? "*" : " ") },
        { title: "NAME", value: ({ name }) => name },
        { title: "SIGNED IN", value: ({ signed_in }) => (signed_in ? "yes" : "no") },
        { title: "PRODUCTION", value: ({ production }) => (production ? "yes" : "no") },
        { title: "SERVICE", value: ({ api_url }) => api_url ?? "" },
      ],
      name: ({ name }) => name,
      nothing: "There are no contexts yet. Make one: onvera context add <name> --api-url <url>",
    },
  );
  return undefined;
}

export async function use(invocation: Invocation): Promise<undefined> {
  const name = argument(invocation, 0);
  const file = invocation.config.read();
  if (file.contexts[name] === undefined) throw missing(name, Object.keys(file.contexts));
  invocation.config.write({ ...file, current_context: name });
  invocation.output.say(`Context '${name}' is in use.`);
  return undefined;
}

/** The address is that of --api-url, the present one where it is not given. */
export async function add(invocation: Invocation): Promise<undefined> {
  const name = argument(invocation, 0);
  const file = invocation.config.read();
  const url = normalUrl(text(invocation, "apiUrl") ?? invocation.settings.apiUrl);
  const present = file.contexts[name];
  const isSameService = present?.api_url === undefined || normalUrl(present.api_url) === url;
  const context = {
    ...(isSameService ? present : {}),
    api_url: url,
    ...(isSet(invocation, "production") ? { production: true } : {}),
  };
  invocation.config.write({
    ...file,
    current_context: file.current_context ?? name,
    contexts: { ...file.contexts, [name]: context },
  });
  invocation.output.say(`Context '${name}' is ${url}. Sign in: onvera auth login --context ${name}`);
  return undefined;
}

export async function remove(invocation: Invocation): Promise<undefined> {
  const name = argument(invocation, 0);
  const file = invocation.config.read();
  const { [name]: removed, ...contexts } = file.contexts;
  if (removed === undefined) throw missing(name, Object.keys(file.contexts));
  const { current_context, ...rest } = file;
  invocation.config.write({ ...rest, ...(current_context === name ? {} : { current_context }), contexts });
  invocation.output.say(`Context '${name}' is removed, its key with it. The key itself stays valid.`);
  return undefined;
}

const missing = (name: string, names: readonly string[]): CliError =>
  new CliError(`There is no context '${name}'.`, {
    exitCode: exitCodes.notFound,
    nextSteps: [
      names.length === 0 ? "Make one: onvera context add <name> --api-url <url>" : `There are: ${names.join(", ")}`,
    ],
  });
