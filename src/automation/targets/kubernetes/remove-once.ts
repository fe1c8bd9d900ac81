/** Deleting objects from within a watch, which is asked again at each change: each is asked for once. */
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { deleteObject } from "./owned.ts";
import { type ClusterIo, patientlyIn } from "./waits.ts";

/** @returns deletes one object, by its path; what the cluster does not take is asked for again by the next call */
export function removerOf(client: ClusterClient, io: ClusterIo): (path: string, options?: object) => void {
  const asked = new Set<string>();
  return (path, options = {}) => {
    const key = `${path} ${JSON.stringify(options)}`;
    if (asked.has(key)) return;
    asked.add(key);
    patientlyIn(io, () => deleteObject(client, path, options)).catch(() => asked.delete(key));
  };
}
