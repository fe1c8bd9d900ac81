/** Which files of an installation's home a backup needs: what cannot be made again on another machine. */
import { type Source, walk } from "./sources.ts";

/** Of this machine and this moment: sockets, locks, processes, logs of our own, and what is written at every start. */
const passing: readonly RegExp[] = [
  /^(run|logs|operations|backups)$/,
  /^postgres\/(?!settings\.json$)/,
  /^supervisor\/(runs|spool|config\.json|supervisor\.log.*)$/,
  /^deployments\/[^/]+\/(tmp|run)$/,
  /\.(lock|tmp|partial)$/,
  /^restored\.json$/,
];

/** The names that the home's content and the server's data folder have in a backup. */
export const HOME = "home";
export const DATABASE = "database";

/** The home's files, as they are while everything runs. */
export const homeFiles = (home: string): AsyncGenerator<Source, void, void> =>
  walk({ from: home, as: HOME, leavesOut: (below) => passing.some((each) => each.test(below)) });
