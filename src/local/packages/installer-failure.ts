/** What pip or uv said when it failed, told so that its reader can go on. */
import { SetupError } from "../../domain/setup-error.ts";
import { diskFull } from "../prepare-folders.ts";

const network =
  /error sending request|failed to (fetch|download)|could not connect|connection (refused|reset|timed out)|dns error|temporary failure in name resolution|name or service not known|newconnectionerror|max retries exceeded|read timed out|operation timed out|network is unreachable|no route to host/i;
const disk = /no space left on device|os error 28|enospc|disk quota exceeded/i;
const hash = /hash(es)? (mismatch|do not match)|do not match the hashes/i;
const platform =
  /no matching distribution|has no wheels with a matching|not compatible with your|no (usable|compatible) wheels/i;

/**
 * The error for a failed installation.
 * @param subject what was being installed, after "Installing"
 * @param output what the installer wrote
 * @param folder where it was going
 */
export function installerFailure(subject: string, output: string, folder: string): SetupError {
  if (disk.test(output)) return diskFull(folder);
  const what = `${subject[0]?.toUpperCase()}${subject.slice(1)} could not be installed`;
  const said = lastWords(output);
  if (hash.test(output)) {
    return new SetupError("package-tampered", {
      what,
      why: `a downloaded file is not the one that was pinned: ${said}`,
      nextStep: "Check the package mirror this machine uses; nothing of the file was run.",
    });
  }
  if (network.test(output)) {
    return new SetupError("network", {
      what,
      why: `the package index cannot be reached: ${said}`,
      nextStep:
        "Check the network, the proxy and the index settings, then run the command again: it goes on where it stopped.",
    });
  }
  if (platform.test(output)) {
    return new SetupError("package-failed", {
      what,
      why: `there is no build of a package for this machine: ${said}`,
      nextStep: "Use Linux (glibc) or macOS on x86-64 or ARM64.",
    });
  }
  return new SetupError("package-failed", {
    what,
    why: said,
    nextStep: "Run the command again; where it fails again, report these lines.",
  });
}

/** The last lines, on one, with decoration gone. */
export function lastWords(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^[\s│├╰─▶×]*((error|cause):\s*)?/iu, "").trim())
    .filter((line) => line !== "");
  return lines.slice(-6).join(" ").slice(-1200) || "it said nothing.";
}
