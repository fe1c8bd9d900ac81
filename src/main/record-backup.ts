/** A backup is an event of the installation: it holds every secret there is. */

import type { BackupResult } from "../local/backup/write-backup.ts";
import { writeAudit } from "../store/audit.ts";
import type { Installation } from "./installation.ts";
import { hostOperator } from "./operator.ts";

export function recordBackup({ store }: Installation, file: string, { bytes }: BackupResult): Promise<void> {
  return store.asPlatform((db) =>
    writeAudit(db, {
      organizationId: null,
      actor: hostOperator(),
      origin: "cli",
      action: "installation.backup",
      change: { file, bytes },
    }),
  );
}
