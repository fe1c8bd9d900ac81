/** The verbs that run, look at and stop this machine's control plane; the CLI loads this file only for them. */
export { ensureControlPlane, localAccess } from "./background.ts";
export { runBackup } from "./backup.ts";
export { runDoctor } from "./doctor.ts";
export { runKeysList, runKeysRotate } from "./keys.ts";
export { runLogs } from "./logs.ts";
export { runMigrate } from "./migrate.ts";
export { runPulumi } from "./pulumi.ts";
export { runRestore } from "./restore.ts";
export { runServer, runStart, runWorker } from "./run.ts";
export { runSetup } from "./setup.ts";
export { runStatus } from "./status.ts";
export { runStop } from "./stop.ts";
