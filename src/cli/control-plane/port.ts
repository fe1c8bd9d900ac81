/** What the CLI asks of the code that runs this machine's control plane; src/main provides it. */
import type { Progress } from "../../domain/progress.ts";

export interface LocalAccess {
  apiUrl: string;
  apiKey: string;
}

export interface VerbIo {
  out(text: string): void;
  err(text: string): void;
  progress: Progress;
  /** Aborted on Ctrl+C. */
  signal: AbortSignal;
}

/** The options of a verb as given on the command line. */
export type VerbOptions = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** @returns the exit code */
export type Verb = (options: VerbOptions, io: VerbIo) => Promise<number>;

export interface ControlPlane {
  /** Starts the control plane in the background unless it runs already; makes the first key when there is none. */
  ensureControlPlane(options: { progress: Progress }): Promise<LocalAccess & { started: boolean }>;
  /** The running control plane of this machine and the caller's key; undefined when there is none or it may not be read. */
  localAccess(): Promise<LocalAccess | undefined>;
  runStart: Verb;
  runStop: Verb;
  runStatus: Verb;
  runLogs: Verb;
  runSetup: Verb;
  runDoctor: Verb;
  runServer: Verb;
  runWorker: Verb;
  runMigrate: Verb;
  runPulumi: Verb;
  runBackup: Verb;
  runRestore: Verb;
  runKeysList: Verb;
  runKeysRotate: Verb;
}
