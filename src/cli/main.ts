/** The process `onvera`: its streams, its signals, its exit code. */
import { loadControlPlane } from "./control-plane/load.ts";
import { processIo } from "./io.ts";
import { runCli } from "./run.ts";

// A reader such as `head` that has seen enough closes the pipe; that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

const argv = process.argv.slice(2);
if (argv.includes("--debug")) process.setSourceMapsEnabled(true);

process.exitCode = await runCli(argv, { io: processIo(), loadControlPlane });
