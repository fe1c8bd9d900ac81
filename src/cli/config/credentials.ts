/** Puts a key into the configuration file, and takes it out again. */
import type { Invocation } from "../invocation.ts";
import { displayPath } from "./config-file.ts";

/** Stores the key in the context in use, together with the address it is for. */
export function storeKey({ config, settings }: Invocation, apiKey: string): void {
  const file = config.read();
  const name = settings.contextName;
  const present = file.contexts[name];
  const isElsewhere =
    present?.api_url !== undefined && new URL(present.api_url).origin !== new URL(settings.apiUrl).origin;
  config.write({
    ...file,
    current_context: file.current_context ?? name,
    contexts: {
      ...file.contexts,
      [name]: { ...(isElsewhere ? {} : present), api_url: settings.apiUrl, api_key: apiKey },
    },
  });
}

/** Forgets the key of the context in use. @returns whether there was one */
export function forgetKey({ config, settings }: Invocation): boolean {
  const file = config.read();
  const context = file.contexts[settings.contextName];
  if (context?.api_key === undefined) return false;
  const { api_key: _forgotten, ...rest } = context;
  config.write({ ...file, contexts: { ...file.contexts, [settings.contextName]: rest } });
  return true;
}

/** The documented line. */
export const storedLine = ({ config, io }: Invocation): string =>
  `API key stored in ${displayPath(config.path, io.env)}`;
