/** One process as the machine's process table tells it. */
export interface ProcessRow {
  pid: number;
  parentPid: number;
  session: number;
  /** Zombies have ended; they only wait for their parent to notice. */
  ended: boolean;
  cpuSeconds: number;
  residentBytes: number;
  /** Opaque; equal only for the same process. */
  startTime: string;
}
