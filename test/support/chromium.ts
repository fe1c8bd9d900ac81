/** The browser of the browser tests: a Chromium of this machine, none is downloaded. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** @throws Error that says how to get one */
function findChromium(): string {
  const given = process.env.ONVERA_CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates =
    given === undefined ? folders.flatMap((folder) => names.map((name) => join(folder, name))) : [given];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `The browser tests need Chromium, and ${given ?? "none on the PATH"} could be run. ` +
      "Install it (Debian: apt-get install chromium), or name its file in ONVERA_CHROMIUM.",
  );
}

/** Starts one without a window. As root it has no sandbox of its own: it opens only pages of this machine. */
export function launchBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath: findChromium(), args: isRoot ? ["--no-sandbox"] : [] });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
