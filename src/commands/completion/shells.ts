/** For each shell what it has to read: each asks the program for what fits, and offers files where nothing does. */
export const SHELLS = {
  bash: `_jwt_injector() {
  local IFS=$'\\n'
  COMPREPLY=($(jwt-injector completion candidates -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _jwt_injector jwt-injector
`,
  zsh: `#compdef jwt-injector
_jwt_injector() {
  local -a found
  found=("\${(@f)$(jwt-injector completion candidates -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n $found[1] ]]; then compadd -a found; else _files; fi
}
compdef _jwt_injector jwt-injector
`,
  fish: `function __jwt_injector
  set -l typed (commandline -opc) (commandline -ct)
  set -l found (jwt-injector completion candidates -- $typed[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c jwt-injector -f -a '(__jwt_injector)'
`,
} as const;

/** A shell for which there is a script. */
export type Shell = keyof typeof SHELLS;

/** Whether there is a script for it. */
export function isShell(name: string): name is Shell {
  return Object.hasOwn(SHELLS, name);
}
