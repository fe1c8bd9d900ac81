/** A receiver of webhooks on loopback, which answers as it is told and remembers what came. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** Answers with this status from now on; `redirect` sends it elsewhere, `hang` answers nothing. */
  answer(how: number | "redirect" | "hang"): void;
  /** Resolves as soon as so many have come. */
  count(wanted: number): Promise<Received[]>;
  close(): Promise<void>;
}

/** Starts one. */
export async function startWebhookReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let how: number | "redirect" | "hang" = 204;
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    received.push({ path: request.url ?? "", headers, body: Buffer.concat(chunks).toString("utf8") });
    if (how === "redirect") response.writeHead(302, { location: "/elsewhere" }).end();
    else if (how !== "hang") response.writeHead(how).end(how >= 300 ? `refused ${"x".repeat(5000)}` : undefined);
    for (const check of waiting) check();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer: (wanted) => {
      how = wanted;
    },
    count: (wanted) =>
      new Promise((resolve) => {
        const check = () => {
          if (received.length < wanted) return;
          waiting.delete(check);
          resolve(received.slice(0, wanted));
        };
        waiting.add(check);
        check();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
