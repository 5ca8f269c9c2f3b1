# Completion of jit for bash >= 3.2. Builtins only: no Node and no fork per TAB. bash-completion is not needed.
# Names come from the names file of the broker, grants from the prompt-state file. Both are data from outside, as is what
# has been typed: it is checked and compared, never evaluated (compgen -W would evaluate it).

# BEGIN written by npm run generate
_JIT_DURATIONS='15m 30m 1h'
_JIT_TOPICS='environment prompt durations files scripting exit-codes'
_JIT_FLAGS='--config --no-input --color --no-color --plain --quiet --debug --help --version'

# _jit_know COMMAND: sets the children, flags, kinds, choices and rest of its caller.
_jit_know() {
  children= flags= kinds= choices= rest=
  case $1 in
    '') children='elevate use drop status watch targets revoke extend token env console credential ci policy audit doctor init store secret demo shell-init completion broker help' ;;
    'elevate') flags='--role --scope --for --reason --ticket --audience --export --keep --on-end --in-process --yes --dry-run --json' kinds='target-role' rest=1 ;;
    'use') flags='--role --scope --for --reason --ticket --export --yes --records --shell-pid' kinds='target-role' ;;
    'drop') flags='--grant --records --shell-pid' ;;
    'status') flags='--json' ;;
    'watch') : ;;
    'targets') flags='--json' ;;
    'revoke') flags='--all --json' kinds='grant' ;;
    'extend') flags='--for --reason --json' kinds='grant' ;;
    'token') flags='--role --scope --for --reason --ticket --audience --print --yes --json' kinds='target-role' ;;
    'env') flags='--role --scope --for --reason --ticket --audience --format --export --file --output --print --yes --json' kinds='target-role' ;;
    'console') flags='--role --scope --for --reason --ticket --audience --grant --open --print --yes --json' kinds='target-role' ;;
    'credential') children='aws git' ;;
    'credential aws') flags='--grant --print' ;;
    'credential git') flags='--grant --print' kinds='none' ;;
    'ci') children='cleanup' ;;
    'ci cleanup') flags='--for --json' ;;
    'policy') children='check explain test' ;;
    'policy check') flags='--json' ;;
    'policy explain') flags='--role --scope --for --reason --ticket --as --at --json' kinds='target-role' ;;
    'policy test') flags='--json' kinds='file' ;;
    'audit') children='log tail verify prove verify-proof export report sync rotate fork' ;;
    'audit log') flags='--grant --target --principal --since --until --limit --store --json' ;;
    'audit tail') flags='--follow --lines --target --grant --json' ;;
    'audit verify') flags='--store --kept-since --key --head --json' kinds='file' ;;
    'audit prove') flags='--file --store --output --json' kinds='none' ;;
    'audit verify-proof') flags='--key --event --json' kinds='file' ;;
    'audit export') flags='--format --since --until --after --cursor-file --ocsf --file --store' ;;
    'audit report') flags='--from --to --format --output --file --store --kept-since --key --head --sample --seed' ;;
    'audit sync') flags='--now --status --json' ;;
    'audit rotate') flags='--json' ;;
    'audit fork') flags='--reason --yes --json' ;;
    'doctor') flags='--remedy --json' kinds='target' ;;
    'init') children='postgres aws' flags='--host --port --database --role --user --max --risk --force --json' kinds='none' ;;
    'init postgres') flags='--host --port --database --role --user --max --risk --force --json' kinds='none' ;;
    'init aws') flags='--target --region --role --credentials --profile --web-identity-token-file --mfa-serial --external-id --broker-arn --revoke --max-duration --risk --print --force --json' kinds='none' ;;
    'store') children='init' ;;
    'store init') flags='--host --port --database --user --password --sslmode --ssl-root-cert --print --json' ;;
    'secret') children='set check remove' ;;
    'secret set') flags='--aws --profile' kinds='none' ;;
    'secret check') flags='--json' kinds='none' ;;
    'secret remove') kinds='none' ;;
    'demo') flags='--shell' ;;
    'shell-init') flags='--print --no-rc --remove' kinds='words' choices='bash zsh fish' ;;
    'completion') kinds='words' choices='bash zsh fish' ;;
    'broker') children='start stop status run' ;;
    'broker start') flags='--json' ;;
    'broker stop') flags='--json' ;;
    'broker status') flags='--json' ;;
    'broker run') : ;;
    'help') kinds='topic topic' ;;
  esac
}

# _jit_value COMMAND OPTION: sets kind and choices; no kind: the option takes no value.
_jit_value() {
  kind= choices=
  case "$1 $2" in
    *' --config' | \
      'env --file' | \
      'audit verify --head' | \
      'audit prove --output' | \
      'audit verify-proof --event' | \
      'audit export --cursor-file' | \
      'audit report --output' | \
      'audit report --head' | \
      'init aws --web-identity-token-file' | \
      'store init --ssl-root-cert') kind=file ;;
    'elevate --role' | \
      'use --role' | \
      'token --role' | \
      'env --role' | \
      'console --role' | \
      'policy explain --role') kind=role ;;
    'elevate --scope' | \
      'use --scope' | \
      'token --scope' | \
      'env --scope' | \
      'console --scope' | \
      'policy explain --scope') kind=scope ;;
    'elevate --for' | \
      'elevate --duration' | \
      'use --for' | \
      'use --duration' | \
      'extend --for' | \
      'extend --duration' | \
      'token --for' | \
      'token --duration' | \
      'env --for' | \
      'env --duration' | \
      'console --for' | \
      'console --duration' | \
      'ci cleanup --for' | \
      'policy explain --for' | \
      'policy explain --duration' | \
      'init --max' | \
      'init --max-duration' | \
      'init postgres --max' | \
      'init postgres --max-duration' | \
      'init aws --max-duration' | \
      'init aws --max') kind=duration ;;
    'elevate --reason' | \
      'elevate --justification' | \
      'elevate --ticket' | \
      'elevate --audience' | \
      'use --reason' | \
      'use --justification' | \
      'use --ticket' | \
      'use --shell-pid' | \
      'drop --shell-pid' | \
      'extend --reason' | \
      'extend --justification' | \
      'token --reason' | \
      'token --justification' | \
      'token --ticket' | \
      'token --audience' | \
      'env --reason' | \
      'env --justification' | \
      'env --ticket' | \
      'env --audience' | \
      'env --output' | \
      'console --reason' | \
      'console --justification' | \
      'console --ticket' | \
      'console --audience' | \
      'policy explain --reason' | \
      'policy explain --justification' | \
      'policy explain --ticket' | \
      'policy explain --as' | \
      'policy explain --at' | \
      'audit log --principal' | \
      'audit log --since' | \
      'audit log --until' | \
      'audit log --limit' | \
      'audit tail --lines' | \
      'audit verify --kept-since' | \
      'audit verify --key' | \
      'audit prove --file' | \
      'audit verify-proof --key' | \
      'audit export --since' | \
      'audit export --until' | \
      'audit export --after' | \
      'audit export --file' | \
      'audit report --from' | \
      'audit report --to' | \
      'audit report --file' | \
      'audit report --kept-since' | \
      'audit report --key' | \
      'audit report --sample' | \
      'audit report --seed' | \
      'audit fork --reason' | \
      'init --host' | \
      'init --port' | \
      'init --database' | \
      'init --role' | \
      'init --user' | \
      'init postgres --host' | \
      'init postgres --port' | \
      'init postgres --database' | \
      'init postgres --role' | \
      'init postgres --user' | \
      'init aws --target' | \
      'init aws --region' | \
      'init aws --role' | \
      'init aws --credentials' | \
      'init aws --profile' | \
      'init aws --mfa-serial' | \
      'init aws --external-id' | \
      'init aws --broker-arn' | \
      'store init --host' | \
      'store init --port' | \
      'store init --database' | \
      'store init --user' | \
      'store init --password' | \
      'secret set --profile') kind=none ;;
    'elevate --export' | \
      'use --export' | \
      'env --export') kind=words choices='reference url env' ;;
    'elevate --on-end') kind=words choices='lock terminate close' ;;
    'drop --grant' | \
      'console --grant' | \
      'credential aws --grant' | \
      'credential git --grant' | \
      'audit log --grant' | \
      'audit tail --grant') kind=grant ;;
    'env --format') kind=words choices='sh fish powershell dotenv github gitlab json' ;;
    'audit log --target' | \
      'audit tail --target') kind=target ;;
    'audit export --format') kind=words choices='jsonl csv ocsf cef' ;;
    'audit export --ocsf') kind=words choices='1.8 1.9' ;;
    'audit report --format') kind=words choices='html md json' ;;
    'init --risk' | \
      'init postgres --risk' | \
      'init aws --risk') kind=words choices='low medium high' ;;
    'init aws --revoke') kind=words choices='deny-session none' ;;
    'init aws --print') kind=words choices='terraform cli both' ;;
    'store init --sslmode') kind=words choices='disable require verify-ca verify-full' ;;
  esac
}
# END written by npm run generate

# _jit_split: sets words (what precedes the cursor, as the shell sees it, quotes included) and at (where each begins in
# COMP_WORDS). bash also parts words at : and =, so those without a blank between them are put together again.
_jit_split() {
  local i raw blank count=0
  words=() at=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    raw=${COMP_WORDS[i]}
    blank=${line%%[![:space:]]*}
    line=${line#"$blank"}
    [[ $line == "$raw"* ]] || raw=$line # the cursor is inside of this word
    line=${line#"$raw"}
    if [[ -n $blank || $i == 0 ]]; then
      words[count]=$raw at[count]=$i
      count=$((count + 1))
    else
      words[count - 1]=${words[count - 1]}$raw
    fi
  done
}

# _jit_files: sets names_file and grants_file, as the broker chooses them.
_jit_files() {
  local state=${HOME-}/.local/state/jit run=
  [[ $OSTYPE != darwin* ]] || state="${HOME-}/Library/Application Support/jit"
  [[ ${XDG_STATE_HOME-} != /* ]] || state=$XDG_STATE_HOME/jit
  [[ ${XDG_RUNTIME_DIR-} != /* ]] || run=$XDG_RUNTIME_DIR/jit
  [[ ${JIT_STATE_DIR-} != /* ]] || state=$JIT_STATE_DIR run=
  names_file=$state/names
  grants_file=${JIT_STATE_FILE:-${run:-$state/run}/prompt}
}

# _jit_read_lines FILE: sets lines to those of a file that is ours.
_jit_read_lines() {
  local line
  lines=()
  [[ -f $1 && -r $1 && -O $1 ]] || return 0
  if type mapfile >/dev/null 2>&1; then
    mapfile -t -n 100000 lines <"$1"
  else # bash 3.2
    while IFS= read -r line; do lines[${#lines[@]}]=$line; done <"$1"
  fi
}

# _jit_seek TEXT: sets low to the first line that is not before TEXT; the broker writes them in order.
_jit_seek() {
  local high=${#lines[@]} middle
  low=0
  while ((low < high)); do
    middle=$(((low + high) / 2))
    if [[ ${lines[middle]} < $1 ]]; then low=$((middle + 1)); else high=$middle; fi
  done
}

# _jit_roles TARGET: sets roles to what the names file says of it: "read:orders-only,all write".
_jit_roles() {
  local low line
  roles=
  _jit_seek "$1 "
  line=${lines[low]-}
  if [[ $line == "$1 "* && $line != *[!a-z0-9._:,\ -]* ]]; then roles=${line#* }; fi
}

# _jit_propose WORD…: offers those that begin with what is typed.
_jit_propose() {
  local word
  for word in "$@"; do
    if [[ $word == "$current"* ]]; then COMPREPLY[${#COMPREPLY[@]}]=$word; fi
  done
}

# _jit_targets [ROLES]: offers targets; with ROLES also "target:role", once only one target is left.
_jit_targets() {
  local low line role roles name=${current%%:*} found=0
  if [[ $current != *:* ]]; then
    _jit_seek "$current"
    for ((; low < ${#lines[@]}; low++)); do
      line=${lines[low]}
      [[ $line == "$current"* ]] || break
      [[ $line == [a-z]* && $line != *[!a-z0-9._:,\ -]* ]] || continue
      name=${line%% *} found=$((found + 1))
      COMPREPLY[${#COMPREPLY[@]}]=$name
    done
    [[ $found == 1 ]] || return 0
  fi
  [[ -n ${1-} ]] || return 0
  _jit_roles "$name"
  for role in $roles; do _jit_propose "$name:${role%%:*}"; done
}

# _jit_scopes TARGET ROLE: offers the scopes of that role; of all roles of the target when it is not said yet.
_jit_scopes() {
  local item scope roles
  _jit_roles "$1"
  for item in $roles; do
    [[ $item == *:* && (-z $2 || ${item%%:*} == "$2") ]] || continue
    item=${item#*:}
    for scope in ${item//,/ }; do
      [[ " ${COMPREPLY[*]-} " == *" $scope "* ]] || _jit_propose "$scope"
    done
  done
}

# _jit_grants: offers the active grants. A line: <expiry> <grant> <target> <role>
_jit_grants() {
  local line id
  for line in ${lines[@]+"${lines[@]}"}; do
    id=${line#* } id=${id%% *}
    [[ $line == [0-9]*' '*' '* && ${line%% *} != *[!0-9]* && -n $id && $id != *[!A-Za-z0-9._-]* ]] || continue
    _jit_propose "$id"
  done
}

# _jit_offer KIND: fills COMPREPLY.
_jit_offer() {
  local names_file grants_file topic item
  local -a lines
  lines=()
  _jit_files
  case $1 in
    target | target-role | role | scope) _jit_read_lines "$names_file" ;;
    grant) _jit_read_lines "$grants_file" ;;
  esac
  case $1 in
    target) _jit_targets ;;
    target-role) _jit_targets roles ;;
    role)
      local roles
      _jit_roles "${target%%:*}"
      for item in $roles; do _jit_propose "${item%%:*}"; done
      ;;
    scope)
      if [[ $target == *:* ]]; then role=${target#*:}; fi
      _jit_scopes "${target%%:*}" "$role"
      ;;
    grant) _jit_grants ;;
    duration) _jit_propose $_JIT_DURATIONS ;;
    words) _jit_propose $choices ;;
    topic)
      topic="${given[*]-}"
      _jit_know "$topic"
      _jit_propose $children
      if [[ -z $topic ]]; then _jit_propose $_JIT_TOPICS; fi
      ;;
    file)
      if type compopt >/dev/null 2>&1; then compopt -o default; else _jit_lines "$(compgen -f -- "$current")"; fi
      ;;
  esac
}

# _jit_lines TEXT: offers each line of it.
_jit_lines() {
  local rest=$1
  while [[ -n $rest ]]; do
    COMPREPLY[${#COMPREPLY[@]}]=${rest%%$'\n'*}
    [[ $rest == *$'\n'* ]] || break
    rest=${rest#*$'\n'}
  done
}

# _jit_command INDEX: completes the command that begins at COMP_WORDS[INDEX] as the system does.
_jit_command() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif ((COMP_CWORD == $1)); then
    _jit_lines "$(compgen -c -- "$current")"
  else
    _jit_offer file
  fi
}

# _jit: bash calls it at TAB.
_jit() {
  local line=${COMP_LINE:0:COMP_POINT}
  local LC_ALL=C IFS=$' \t\n' quotes='["'\''\\]'
  local current= command= flag= kind= choices= pending= target= role= children= flags= kinds= rest=
  local index last word quoted= marker=
  local -a words at given
  words=() at=() given=() COMPREPLY=()
  _jit_split
  last=$((${#words[@]} - 1))
  current=${words[last]}
  case $current in [\"\']*) quoted=1 ;; esac
  current=${current//$quotes/}
  _jit_know ''
  for ((index = 1; index < last; index++)); do
    word=${words[index]//$quotes/}
    if [[ -n $pending ]]; then
      if [[ $flag == --role ]]; then role=$word; fi
      pending=
    elif [[ $word == -- ]]; then
      if [[ -n $rest ]]; then
        unset LC_ALL
        _jit_command $((at[index] + 1))
      fi
      return 0
    elif [[ $word == --*=* ]]; then
      if [[ $word == --role=* ]]; then role=${word#*=}; fi
    elif [[ $word == -* ]]; then
      flag=$word
      _jit_value "$command" "$flag"
      pending=$kind
    elif [[ ${#given[@]} == 0 && " $children " == *" $word "* ]]; then
      command=${command:+$command }$word
      _jit_know "$command"
    else
      given[${#given[@]}]=$word
    fi
  done
  if [[ ${#given[@]} -gt 0 ]]; then target=${given[0]}; fi

  if [[ -n $pending ]]; then
    _jit_value "$command" "$flag"
    _jit_offer "$kind"
  elif [[ $current == --*=* ]]; then
    marker=${current%%=*}
    _jit_value "$command" "$marker"
    current=${current#*=}
    _jit_offer "$kind"
    if [[ $COMP_WORDBREAKS != *=* ]]; then
      for index in ${COMPREPLY[@]+"${!COMPREPLY[@]}"}; do COMPREPLY[index]=$marker=${COMPREPLY[index]}; done
    fi
  elif [[ $current == -* ]]; then
    _jit_propose $flags $_JIT_FLAGS
  else
    if [[ ${#given[@]} == 0 ]]; then _jit_propose $children; fi
    set -- $kinds
    shift "${#given[@]}" 2>/dev/null || set --
    if [[ -n ${1-} ]]; then
      _jit_know "$command"
      _jit_offer "$1"
    fi
  fi
  # readline replaces only what follows the last colon.
  if [[ $current == *:* && -z $quoted && $COMP_WORDBREAKS == *:* ]]; then
    for index in ${COMPREPLY[@]+"${!COMPREPLY[@]}"}; do COMPREPLY[index]=${COMPREPLY[index]#"${current%:*}:"}; done
  fi
  return 0
}

complete -F _jit jit
