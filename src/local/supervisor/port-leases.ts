/** Finds loopback ports that nobody uses. They lie below the range the system takes outgoing connections from. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { RequestError } from "./request-error.ts";

export interface PortRange {
  first: number;
  last: number;
}

export const defaultPortRange: PortRange = { first: 20_000, last: 31_999 };

/**
 * A free port.
 * @param leased ports that belong to somebody, listening or not
 * @throws RequestError 503 when there is none left
 */
export async function findPort(leased: Set<number>, range: PortRange = defaultPortRange): Promise<number> {
  const count = range.last - range.first + 1;
  const start = randomInt(count);
  for (let step = 0; step < count; step++) {
    const port = range.first + ((start + step) % count);
    if (!leased.has(port) && (await isFree(port))) return port;
  }
  throw new RequestError(
    503,
    "NO_FREE_PORT",
    `No free port between ${range.first} and ${range.last}; destroy a deployment.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
