/**
 * What the engine needs to reach the cluster of one stack. Secret: it goes through pipes and 0600 files of one operation
 * only, never into a program's input, a state, an argument or an environment.
 */
import { z } from "zod";

export const StackAccess = z.strictObject({
  /** The administrator's connection to the database server; null for this node's own. */
  databaseUrl: z.string().nullable(),
  /** Null where there is no Kubernetes cluster. */
  kubeconfig: z.string().nullable(),
});
export type StackAccess = z.infer<typeof StackAccess>;

/** A stack on this node: its providers know the way by themselves. */
export const accessOfThisNode: StackAccess = { databaseUrl: null, kubeconfig: null };

/** What of it must never be read anywhere: whole, and the password and keys by themselves. */
export function secretsInAccess({ databaseUrl, kubeconfig }: StackAccess): string[] {
  const password = databaseUrl === null ? "" : decodeURIComponent(new URL(databaseUrl).password);
  const keys = [...(kubeconfig ?? "").matchAll(/"?(?:token|client-key-data)"?:\s*"?([^"\s,}]+)/g)].map(
    ([, value = ""]) => value,
  );
  return [databaseUrl ?? "", kubeconfig ?? "", password, ...keys].filter((text) => text !== "");
}
