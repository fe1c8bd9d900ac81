/** Leases loopback ports: free ones, below the range the system takes outgoing connections from. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { RequestError } from "./request-error.ts";

export interface PortRange {
  first: number;
  last: number;
}

export const defaultPortRange: PortRange = { first: 20_000, last: 31_999 };

export class PortLeases {
  readonly #range: PortRange;
  readonly #onRecord: () => number[];
  /** Chosen for one deployment and not yet on its record, while another is choosing. */
  readonly #promised = new Set<number>();

  /** @param onRecord every port that belongs to somebody, listening or not */
  constructor(range: PortRange, onRecord: () => number[]) {
    this.#range = range;
    this.#onRecord = onRecord;
  }

  /**
   * Adds a port for every name that has none.
   * @param keep puts the result on record
   * @throws RequestError 503 when no port is left
   */
  async lease(
    known: Record<string, number>,
    names: string[],
    keep: (ports: Record<string, number>) => void,
  ): Promise<Record<string, number>> {
    const missing = [...new Set(names)].filter((name) => !Object.hasOwn(known, name));
    if (missing.length === 0) return known;
    const chosen: Record<string, number> = {};
    try {
      for (const name of missing) chosen[name] = await this.#choose();
      const ports = { ...known, ...chosen };
      keep(ports);
      return ports;
    } finally {
      for (const port of Object.values(chosen)) this.#promised.delete(port);
    }
  }

  async #choose(): Promise<number> {
    const { first, last } = this.#range;
    const count = last - first + 1;
    const start = randomInt(count);
    for (let step = 0; step < count; step++) {
      const port = first + ((start + step) % count);
      if (this.#promised.has(port) || this.#onRecord().includes(port)) continue;
      this.#promised.add(port);
      if (await isFree(port)) return port;
      this.#promised.delete(port);
    }
    throw new RequestError(503, "NO_FREE_PORT", `No free port between ${first} and ${last}; destroy a deployment.`);
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
