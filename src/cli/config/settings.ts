/** Which service and key a command uses: flag over environment over context over the built-in default. */
import { usageError } from "../errors.ts";
import type { OutputFormat } from "../output/formats.ts";
import type { ConfigFile } from "./config-file.ts";

/** Where a control plane started on this machine listens unless its port was taken. */
export const DEFAULT_API_URL = "http://127.0.0.1:7600";
export const DEFAULT_CONTEXT = "default";

export interface GlobalFlags {
  apiUrl?: string;
  context?: string;
  output?: OutputFormat;
  quiet?: boolean;
  debug?: boolean;
  color?: boolean;
}

export type Source = "flag" | "environment" | "context" | "default";

export interface Settings {
  contextName: string;
  apiUrl: string;
  apiUrlFrom: Source;
  apiKey: string | undefined;
  apiKeyFrom: Source | undefined;
  /** A key is stored, but for another address than the one in use: it is not sent there. */
  keyWithheld: boolean;
  isLocal: boolean;
  isProduction: boolean;
  output: OutputFormat;
}

/**
 * Resolves the settings.
 * @throws CliError for a context that does not exist or an address that is none
 */
export function resolveSettings(
  flags: GlobalFlags,
  env: Readonly<Record<string, string | undefined>>,
  config: ConfigFile,
): Settings {
  const contextName = flags.context ?? (env.ONVERA_CONTEXT || undefined) ?? config.current_context ?? DEFAULT_CONTEXT;
  const context = config.contexts[contextName];
  const wasNamed = flags.context !== undefined || Boolean(env.ONVERA_CONTEXT);
  if (context === undefined && wasNamed) {
    throw usageError(`There is no context '${contextName}'.`, "List them: onvera context list");
  }
  const [apiUrl, apiUrlFrom] = first<string>([
    [flags.apiUrl, "flag"],
    [env.ONVERA_API_URL || undefined, "environment"],
    [context?.api_url, "context"],
    [DEFAULT_API_URL, "default"],
  ]);
  const url = normalUrl(apiUrl);
  const storedFor = normalUrl(context?.api_url ?? DEFAULT_API_URL);
  const isForeign = new URL(url).origin !== new URL(storedFor).origin;
  const storedKey = isForeign ? undefined : context?.api_key;
  const apiKey = env.ONVERA_API_KEY?.trim() || storedKey;
  return {
    contextName,
    apiUrl: url,
    apiUrlFrom,
    apiKey,
    apiKeyFrom: env.ONVERA_API_KEY?.trim() ? "environment" : apiKey === undefined ? undefined : "context",
    keyWithheld: apiKey === undefined && isForeign && context?.api_key !== undefined,
    isLocal: context?.local === true && !isForeign,
    isProduction: context?.production === true,
    output: flags.output ?? config.output ?? "table",
  };
}

/** The address without a trailing slash and without the documented `/api/v1`, which the routes carry. */
export function normalUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw usageError(`'${text}' is not an address of the Onvera API.`, "It looks like https://onvera.example.com");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw usageError(`'${text}' is not an http or https address.`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}

function first<T>(candidates: readonly (readonly [T | undefined, Source])[]): [T, Source] {
  for (const [value, source] of candidates) if (value !== undefined) return [value, source];
  throw new Error("The last candidate is always there.");
}
