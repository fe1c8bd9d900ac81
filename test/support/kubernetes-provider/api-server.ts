/** One request to a cluster's API server, by a kubeconfig of server, authority and token or client certificate. */
import { request } from "node:https";
import { parse } from "yaml";
import { z } from "zod";

const Kubeconfig = z.object({
  "current-context": z.string(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({
        token: z.string().optional(),
        "client-certificate-data": z.string().optional(),
        "client-key-data": z.string().optional(),
      }),
    }),
  ),
});

/** What the API server answered; `body` is what it said, parsed. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  text: string;
}

export type AskServer = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;

const TIMEOUT_MILLISECONDS = 30_000;

/** @throws Error when the kubeconfig names nobody to ask */
export function askServer(kubeconfig: string): AskServer {
  const config = Kubeconfig.parse(parse(kubeconfig));
  const context = config.contexts.find(({ name }) => name === config["current-context"])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined) throw new Error("The kubeconfig's current context is incomplete.");
  const decoded = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, "base64"));
  const identity = {
    ca: decoded(cluster["certificate-authority-data"]),
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
  };
  return (method, path, body, contentType = "application/json") =>
    new Promise((resolve, reject) => {
      const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const call = request(new URL(path, cluster.server), {
        ...identity,
        method,
        timeout: TIMEOUT_MILLISECONDS,
        headers: {
          accept: "application/json",
          // Said by us: without a length the body of a DELETE is not sent as one.
          ...(sent === undefined ? {} : { "content-type": contentType, "content-length": sent.length }),
          ...(user.token === undefined ? {} : { authorization: `Bearer ${user.token}` }),
        },
      });
      call.on("timeout", () => call.destroy(new Error(`${method} ${path}: no answer from the API server`)));
      call.on("error", reject);
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, body: objectIn(text), text });
        });
      });
      call.end(sent);
    });
}

/** Logs come as text, everything else as JSON. */
function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
