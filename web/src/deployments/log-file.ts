/** A deployment's log as a file: everything that is kept, not only what a page has loaded. */
import { authorizedFetch } from "../api/client.ts";
import { ApiProblem, readProblem } from "../api/problem.ts";
import { type LogWish, momentAgo } from "./log-stream.ts";

/** Fetches it, narrowed as wished. @throws ApiProblem when the service refused */
export async function logFile(
  deploymentId: string,
  { since, ...wished }: LogWish & { contains: string | undefined; stream: "stderr" | undefined },
): Promise<Blob> {
  const address = new URL(`/api/v1/deployments/${deploymentId}/logs/file`, location.origin);
  const query = { ...wished, since: since === undefined ? undefined : momentAgo(since) };
  for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, value);
  const response = await authorizedFetch(new Request(address));
  if (!response.ok) {
    throw new ApiProblem(response.status, readProblem(await response.json().catch(() => undefined)));
  }
  return response.blob();
}
