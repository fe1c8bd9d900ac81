/** How a pod brings a git repository's content into the data volume. Pure. */
import { gitSettings, LARGEST_SOURCE_KILOBYTES } from "../../../../domain/git-source-rules.ts";
import type { Workload } from "../../../../domain/workload.ts";
import { podFolders } from "./pod-folders.ts";

/**
 * Fetches the newest commit into a folder of its own and switches the link to it in one step: readers see the old
 * content or the new, never a mixture. $1 URL, $2 branch, $3 link, $4 subfolder, $5 store; the rest are git's settings.
 */
const SCRIPT = `set -eu
umask 077
url=$1 branch=$2 target=$3 subfolder=$4 store=$5
shift 5
checkout="$store/$(date +%s)-$$"
mkdir -p -- "$checkout" "$(dirname -- "$target")"
trap 'test "$?" = 0 || rm -rf -- "$checkout"' EXIT
cd -- "$checkout"
small() {
  size=$(du -sk -- "$checkout" | cut -f1)
  test "$size" -le ${LARGEST_SOURCE_KILOBYTES} || { echo "The repository has $((size / 1024)) MB; at most ${LARGEST_SOURCE_KILOBYTES / 1024} MB are taken." >&2; exit 4; }
}
git "$@" init --quiet
git "$@" fetch --quiet --depth=1 --no-tags --no-recurse-submodules -- "$url" "$branch"
small
git "$@" checkout --quiet --force FETCH_HEAD
small
git "$@" rev-parse FETCH_HEAD
test -d "$checkout/$subfolder" || { echo "The repository has no folder $subfolder." >&2; exit 3; }
rm -rf -- "$checkout/.git"
if test -e "$target" && ! test -L "$target"; then mv -- "$target" "$store/before-$$"; fi
ln -s -- "$checkout" "$target.next"
mv -T -- "$target.next" "$target"
for old in "$store"/*; do
  case "$old" in "$checkout"|"$store"/before-*) ;; *) rm -rf -- "$old" ;; esac
done
`;

/** The command of the Job that fetches the source. */
export function sourceCommand(source: NonNullable<Workload["gitSource"]>): string[] {
  const link = `${podFolders.data}/${source.into}`;
  const own = [source.url, source.branch, link, source.subdirectory, `${podFolders.data}/.sources`];
  return ["/bin/sh", "-c", SCRIPT, "onvera", ...own, ...gitSettings];
}

/** Speaks https and ssh only, and asks nobody for a password. Private addresses are behind the NetworkPolicies. */
export const sourceEnvironment = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  LANG: "C.UTF-8",
  HOME: podFolders.temporary,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "/bin/false",
  SSH_ASKPASS: "/bin/false",
  GIT_ALLOW_PROTOCOL: "https:ssh",
  GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=20",
} as const;
