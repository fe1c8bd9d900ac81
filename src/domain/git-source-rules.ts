/** How a tenant's git repository is fetched, on every target alike: what git may do with it, and how much is taken. */

/** No configuration but this counts: neither the machine's, nor an image's, nor what a repository brings along. */
export const gitSettings: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.symlinks=false",
  "core.fsmonitor=false",
  "submodule.recurse=false",
  "credential.helper=",
  "protocol.ext.allow=never",
  "http.followRedirects=initial",
  "transfer.fsckObjects=true",
].flatMap((setting) => ["-c", setting]);

/** The largest checkout. */
export const LARGEST_SOURCE_KILOBYTES = 512 * 1024;
