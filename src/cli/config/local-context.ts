/** The context `local`: this machine's control plane, remembered so that later commands need not look for it. */
import type { LocalAccess } from "../control-plane/port.ts";
import { CliError } from "../errors.ts";
import type { Invocation } from "../invocation.ts";
import { DEFAULT_CONTEXT } from "./settings.ts";

const LOCAL_CONTEXT = "local";

/**
 * Adds the context, or brings it up to date. A context somebody chose stays in use; where none was chosen, the local one is.
 * @returns whether the file says so now; false when it cannot be written
 */
export function rememberLocal(config: Invocation["config"], { apiUrl, apiKey }: LocalAccess): boolean {
  const file = config.read();
  const { current_context: chosen, contexts } = file;
  const isChosen = chosen !== undefined && (chosen !== DEFAULT_CONTEXT || contexts[chosen] !== undefined);
  const current = isChosen ? chosen : LOCAL_CONTEXT;
  const known = contexts[LOCAL_CONTEXT];
  if (known?.api_url === apiUrl && known.api_key === apiKey && current === chosen) return true;
  const local = { ...known, api_url: apiUrl, api_key: apiKey, local: true };
  try {
    config.write({ ...file, current_context: current, contexts: { ...contexts, [LOCAL_CONTEXT]: local } });
    return true;
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}
