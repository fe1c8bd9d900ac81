/** Which host leads to which port of which deployment. On disk, so that the gateway answers right after a reboot. */
import { z } from "zod";
import { RequestError } from "./request-error.ts";
import { readJsonFile, writeJsonFile } from "./state-file.ts";

const Route = z.object({ deploymentId: z.string(), port: z.string(), mode: z.enum(["open", "closed"]) });
export type Route = z.infer<typeof Route>;

export class RouteTable {
  readonly #file: string;
  readonly #routes: Map<string, Route>;

  constructor(file: string) {
    this.#file = file;
    const stored = z.record(z.string(), Route).safeParse(readJsonFile(file));
    this.#routes = new Map(stored.success ? Object.entries(stored.data) : []);
  }

  /** The route of a host, without port and in lower case; undefined when it is unknown. */
  find(host: string): Route | undefined {
    return this.#routes.get(host);
  }

  /** Sets where a host leads. A closed host stays closed. @throws RequestError 409 when it belongs to another deployment */
  put(host: string, target: { deploymentId: string; port: string }): void {
    const known = this.#routes.get(host);
    if (known !== undefined && known.deploymentId !== target.deploymentId) {
      throw new RequestError(409, "ROUTE_TAKEN", `${host} belongs to ${known.deploymentId}; choose another host.`);
    }
    this.#routes.set(host, { ...target, mode: known?.mode ?? "open" });
    this.#save();
  }

  /** Opens or closes a host. @throws RequestError 404 when there is no such route */
  setMode(host: string, mode: Route["mode"]): void {
    const known = this.#routes.get(host);
    if (known === undefined) throw new RequestError(404, "ROUTE_NOT_FOUND", `There is no route for ${host}.`);
    this.#routes.set(host, { ...known, mode });
    this.#save();
  }

  delete(host: string): void {
    if (this.#routes.delete(host)) this.#save();
  }

  deleteDeployment(deploymentId: string): void {
    for (const { host } of this.ofDeployment(deploymentId)) this.delete(host);
  }

  /** All routes of a deployment. */
  ofDeployment(deploymentId: string): { host: string; port: string; mode: Route["mode"] }[] {
    return [...this.#routes]
      .filter(([, route]) => route.deploymentId === deploymentId)
      .map(([host, { port, mode }]) => ({ host, port, mode }));
  }

  #save(): void {
    writeJsonFile(this.#file, Object.fromEntries(this.#routes), { durable: true });
  }
}
