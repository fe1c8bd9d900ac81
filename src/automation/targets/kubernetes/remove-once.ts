/** Deleting objects from within a watch, which is asked again at each change: each is asked for once. */
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { patiently } from "../../../kubernetes/patience.ts";
import type { StepIo } from "../../worker/target-driver.ts";
import { deleteObject } from "./owned.ts";
import { sayTrouble } from "./wait-ready.ts";

/** @returns deletes one object, by its path; what the cluster does not take is asked for again by the next call */
export function removerOf(client: ClusterClient, io: StepIo): (path: string, options?: object) => void {
  const asked = new Set<string>();
  return (path, options = {}) => {
    const key = `${path} ${JSON.stringify(options)}`;
    if (asked.has(key)) return;
    asked.add(key);
    patiently(() => deleteObject(client, path, options), io.signal, sayTrouble(io)).catch(() => asked.delete(key));
  };
}
