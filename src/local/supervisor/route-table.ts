/** Which host leads to which port of which deployment. On disk, so that the gateway answers right after a reboot. */
import { z } from "zod";
import { RequestError } from "./request-error.ts";
import { DurableFile, readJsonFile } from "./state-file.ts";

const Route = z.object({ deploymentId: z.string(), port: z.string(), mode: z.enum(["open", "closed"]) });
export type Route = z.infer<typeof Route>;

export class RouteTable {
  readonly #file: DurableFile;
  readonly #routes: Map<string, Route>;

  constructor(file: string) {
    this.#file = new DurableFile(file);
    const stored = z.record(z.string(), Route).safeParse(readJsonFile(file));
    this.#routes = new Map(stored.success ? Object.entries(stored.data) : []);
  }

  /** The route of a host, without port and in lower case; undefined when it is unknown. */
  find(host: string): Route | undefined {
    return this.#routes.get(host);
  }

  /** Sets where a host leads. A closed host stays closed. @throws RequestError 409 when it belongs to another deployment */
  async put(host: string, target: { deploymentId: string; port: string }): Promise<void> {
    const known = this.#routes.get(host);
    if (known !== undefined && known.deploymentId !== target.deploymentId) {
      throw new RequestError(409, "ROUTE_TAKEN", `${host} belongs to ${known.deploymentId}; choose another host.`);
    }
    this.#routes.set(host, { ...target, mode: known?.mode ?? "open" });
    await this.#save();
  }

  /** Opens or closes a host. @throws RequestError 404 when there is no such route */
  async setMode(host: string, mode: Route["mode"]): Promise<void> {
    const known = this.#routes.get(host);
    if (known === undefined) throw new RequestError(404, "ROUTE_NOT_FOUND", `There is no route for ${host}.`);
    this.#routes.set(host, { ...known, mode });
    await this.#save();
  }

  async delete(host: string): Promise<void> {
    if (this.#routes.delete(host)) await this.#save();
  }

  async deleteDeployment(deploymentId: string): Promise<void> {
    await Promise.all(this.ofDeployment(deploymentId).map(({ host }) => this.delete(host)));
  }

  /** All routes of a deployment. */
  ofDeployment(deploymentId: string): { host: string; port: string; mode: Route["mode"] }[] {
    return [...this.#routes]
      .filter(([, route]) => route.deploymentId === deploymentId)
      .map(([host, { port, mode }]) => ({ host, port, mode }));
  }

  /** The gateway goes by the new table at once; the caller hears of it when the disk has it. */
  #save(): Promise<void> {
    return this.#file.write(Object.fromEntries(this.#routes));
  }
}
