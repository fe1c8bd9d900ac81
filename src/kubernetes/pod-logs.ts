/** The last lines of a container, without the deployment's secrets. */
import type { ClusterClient } from "./client.ts";
import { ClusterFailure } from "./failure.ts";

export interface ContainerName {
  namespace: string;
  pod: string;
  container: string;
  /** The one that ended before the one that runs. */
  previous: boolean;
}

/** The path of a container's log. */
export function logPath(
  { namespace, pod, container, previous }: ContainerName,
  query: Readonly<Record<string, string>>,
) {
  const all = new URLSearchParams({ container, ...(previous ? { previous: "true" } : {}), ...query });
  return `/api/v1/namespaces/${namespace}/pods/${pod}/log?${all}`;
}

/** A node that does not send its log must not keep back why the pod failed. */
const LOG_MILLISECONDS = 10_000;

/** Oldest first; nothing where the cluster has none of it any more, or does not give it in time. */
export async function lastLogLines(client: ClusterClient, name: ContainerName, count: number): Promise<string[]> {
  try {
    const signal = AbortSignal.timeout(LOG_MILLISECONDS);
    const answer = await client.stream("read a log", { path: logPath(name, { tailLines: String(count) }), signal });
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    return text.split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}

/** Kept with the secrets because the app reads them the same way, but no secrets: addresses and names. */
const OPEN_NAMES = /_(host|port|name|user)$/;

/** What stands in a Secret, in clear, also line by line: to be kept out of what people read. Nothing where there is none. */
export async function secretValues(client: ClusterClient, namespace: string, name: string): Promise<string[]> {
  try {
    const secret = (await client.raw("read a secret", { path: `/api/v1/namespaces/${namespace}/secrets/${name}` })) as {
      data?: Record<string, string>;
    };
    return Object.entries(secret.data ?? {}).flatMap(([key, value]) => {
      if (OPEN_NAMES.test(key)) return [];
      const clear = Buffer.from(value, "base64").toString("utf8");
      return [clear, ...clear.split("\n")];
    });
  } catch (error) {
    if (error instanceof ClusterFailure && error.reason === "not-found") return [];
    throw error;
  }
}
