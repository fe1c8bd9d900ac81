/** Loaded before a worker: its process says that it runs on a host of its own. */
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";

os.hostname = () => `elsewhere-${process.pid}`;
syncBuiltinESMExports();
