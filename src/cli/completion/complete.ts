/** Answers the shell's completion scripts: `onvera __complete <words…>` prints one candidate a line. */
import type { Api } from "../api/client.ts";
import { candidatesFor } from "./candidates.ts";

const TIME_LIMIT_MILLISECONDS = 1500;

/**
 * @param words the words after `onvera`, the one being typed last
 * @param api undefined where nobody is signed in; then the service's things are left out
 * @returns the candidates that begin with what was typed; a service that does not answer is no error
 */
export async function complete(words: readonly string[], api: Api | undefined): Promise<string[]> {
  const { words: known, things } = candidatesFor(words);
  const asked = things === undefined || api === undefined ? [] : await namesOf(api, things).catch(() => []);
  return [...known, ...asked].filter((candidate) => candidate.startsWith(words.at(-1) ?? ""));
}

async function namesOf(api: Api, things: "deployments" | "operations"): Promise<string[]> {
  const timeoutMilliseconds = TIME_LIMIT_MILLISECONDS;
  if (things === "operations") {
    const { items } = await api.call("listOperations", { query: { per_page: 50 }, timeoutMilliseconds });
    return items.map(({ id }) => id);
  }
  const { items } = await api.call("listDeployments", { query: { per_page: 100 }, timeoutMilliseconds });
  return items.flatMap(({ id, url }) => [id, ...(url === null ? [] : [new URL(url).hostname.split(".")[0] ?? ""])]);
}
