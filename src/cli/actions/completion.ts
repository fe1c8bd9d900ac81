/** `onvera completion`: the shell's part of completion. It asks `onvera __complete` for the candidates. */
import { argument, type Invocation } from "../invocation.ts";

const scripts: Record<string, string> = {
  bash: `# Completion for onvera. Load it with: source <(onvera completion bash)
_onvera() {
  local IFS=$'\\n'
  COMPREPLY=($(onvera __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _onvera onvera
`,
  zsh: `#compdef onvera
# Completion for onvera. Load it with: source <(onvera completion zsh)
_onvera() {
  local -a candidates
  candidates=("\${(@f)$(onvera __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $candidates
}
compdef _onvera onvera
`,
  fish: `# Completion for onvera. Save it as ~/.config/fish/completions/onvera.fish
function __onvera_complete
    set -l words (commandline -opc) (commandline -ct)
    onvera __complete $words[2..-1] 2>/dev/null
end
complete -c onvera -f -a '(__onvera_complete)'
`,
};

/** Prints the script. */
export async function run(invocation: Invocation): Promise<undefined> {
  invocation.io.out(scripts[argument(invocation, 0)] ?? "");
  return undefined;
}
