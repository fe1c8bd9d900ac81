/** A deployment's record as it stands on the disk: what processes and jobs are started with is sealed. */
import { DeploymentRecord } from "./deployment-record.ts";
import { openFromFile, sealInFile } from "./file-seal.ts";

/** Members that hold the app's environment, and with it whatever a customer put there. */
const sealedMembers = ["processes", "jobs"] as const;

const placeOf = (deploymentId: string, member: string): string => `deployment-record|${deploymentId}|${member}`;

/** The record's stored form. @throws Error when the node has no key */
export function sealRecord(keyFile: string, record: DeploymentRecord): unknown {
  const sealed = sealedMembers.map((member) => [
    member,
    sealInFile(keyFile, record[member], placeOf(record.deploymentId, member)),
  ]);
  return { ...record, ...Object.fromEntries(sealed) };
}

/**
 * Reads a stored record, also one that was written before records were sealed.
 * @throws ZodError or SealError when it is none, or another node's
 */
export function openRecord(keyFile: string, stored: unknown): DeploymentRecord {
  const outer = DeploymentRecord.pick({ deploymentId: true }).loose().parse(stored);
  const opened = sealedMembers.map((member) => [
    member,
    openFromFile(keyFile, outer[member], placeOf(outer.deploymentId, member)),
  ]);
  return DeploymentRecord.parse({ ...outer, ...Object.fromEntries(opened) });
}
