/** Who runs a verb on the control plane's host, as the audit log names them. */
import { userInfo } from "node:os";
import type { Actor } from "../store/tables/audit.ts";

/** The user of this machine. */
export function hostOperator(): Actor {
  const { username, uid } = userInfo();
  return { kind: "system", id: `uid:${uid}`, name: username };
}
