# The prompt hook of jit for zsh >= 5.1: shows the grant and its time left, and drops its secrets when it ends.
# Builtins only, no fork per prompt. The prompt-state file is data from outside: it is checked, and never evaluated.
# Its lines: <expiry, epoch seconds> <grant id> <target> <role> [more]

[[ -o interactive ]] && (( ! ${+_JIT_LOADED} )) || return 0

zmodload zsh/datetime
typeset -g _JIT_LOADED=1
typeset -g _JIT_SEG=           # what the prompt shows, without colours
typeset -g _JIT_COLOUR=green
typeset -g _JIT_WARNED=        # last warning given: 5m or 1m
typeset -gi _JIT_BEFORE=0      # seconds left at the last look; more than that means a new end
typeset -gi _JIT_WHOLE=0       # seconds left when this end was first seen
typeset -g _JIT_MARK=          # our part of PROMPT
typeset -g _JIT_OWN_SEGMENT=   # set when a prompt tool shows the segment itself
typeset -ga _JIT_MESSAGES      # lines for the user, kept until the line editor lets us print
typeset -gi _JIT_PSVAR=9       # psvar[9] is shown by %9v: printed as it is, never expanded again
: ${_JIT_STATE:=${JIT_STATE_FILE:-${XDG_RUNTIME_DIR:-/nonexistent}/jit/prompt}}

# _jit_format SECONDS: puts "1h05m"-like text into REPLY. Whole minutes are rounded up.
_jit_format() {
  if (( $1 >= 3600 )); then
    REPLY=$(( $1 / 3600 ))h$(( $1 % 3600 / 60 ))m
  elif (( $1 > 60 )); then
    REPLY=$(( ($1 + 59) / 60 ))m
  else
    REPLY=${1}s
  fi
}

# _jit_flush: prints the messages that wait.
_jit_flush() {
  emulate -L zsh
  (( ${#_JIT_MESSAGES} == 0 )) || print -rl -u2 -- $_JIT_MESSAGES
  _JIT_MESSAGES=()
}

# _jit_drop: the grant is over. Only secrets go: what leads to an endpoint or a file that is gone stays, so that
# programs fail instead of finding another identity. Runs with the options of _jit_check.
_jit_drop() {
  local name
  for name in ${(s: :)JIT_DROP}; do
    [[ $name == [A-Za-z_][A-Za-z0-9_]# ]] && unset $name 2>/dev/null
  done
  _JIT_MESSAGES+=("jit: $JIT_TARGET${JIT_ROLE:+:$JIT_ROLE} has ended; what needs it fails in this shell. Type \"exit\" to leave.")
  unset JIT_DROP JIT_GRANT_EXP JIT_EXTEND
  export JIT_GRANT_STATE=ended
}

# _jit_read: from the state file, sets the caller's count, first (earliest expiry), own (ours) and name (to show).
_jit_read() {
  local line
  local -a field
  [[ -s $_JIT_STATE && -O $_JIT_STATE ]] || return 0
  for line in "${(@f)$(<$_JIT_STATE)}"; do # $(<file) does not fork in zsh
    field=("${(@s: :)line}")
    # Digits are checked before any arithmetic: (( )) would run a subscript such as a[$(…)].
    [[ $field[1] == <-> && ${#field[1]} -le 11 ]] || continue
    [[ ${#field[3]} -le 40 && $field[3] == [A-Za-z0-9._/@:+-]## ]] || continue
    [[ ${#field[4]} -le 40 && $field[4] == [A-Za-z0-9._/@:+-]## ]] && field[3]+=:$field[4]
    (( 10#$field[1] > now )) || continue
    (( count++ ))
    if [[ -n $JIT_GRANT_ID && $field[2] == "$JIT_GRANT_ID" ]]; then
      own=$(( 10#$field[1] )) name=$field[3]
    fi
    if (( first == 0 || 10#$field[1] < first )); then
      first=$(( 10#$field[1] ))
      [[ -n $own ]] || name=$field[3]
    fi
  done
}

# _jit_warn SECONDS NAME LEFT: once at five minutes and once at one minute, if there were twice as many to begin
# with; an extended grant warns again.
_jit_warn() {
  (( $1 <= _JIT_BEFORE )) || _JIT_WARNED= _JIT_WHOLE=$1
  _JIT_BEFORE=$1
  if (( $1 <= 60 && _JIT_WHOLE >= 120 )); then
    [[ $_JIT_WARNED != 1m ]] || return 0
    _JIT_WARNED=1m
    _JIT_MESSAGES+=("jit: $2 ends in $3 - ${JIT_EXTEND:+\"jit extend --for $JIT_EXTEND\" or }finish up."$'\a')
  elif (( $1 > 60 && $1 <= 300 && _JIT_WHOLE >= 600 )) && [[ -z $_JIT_WARNED ]]; then
    _JIT_WARNED=5m
    _JIT_MESSAGES+=("jit: $2 ends in $3")
  fi
}

# _jit_check: decides what the prompt shows, and whether this shell's grant is over.
_jit_check() {
  emulate -L zsh
  setopt extendedglob
  local name own REPLY
  local -i count=0 first=0 seconds now=$EPOCHSECONDS
  _JIT_SEG=
  unset JIT_PROMPT
  [[ $JIT_GRANT_EXP == <-> ]] || unset JIT_GRANT_EXP
  _jit_read
  if [[ -n $JIT_GRANT_ID && $JIT_GRANT_STATE == active && -z $own ]]; then
    if [[ -e $_JIT_STATE ]] || (( 10#${JIT_GRANT_EXP:-0} <= now )); then
      _jit_drop
    else # no file: the broker is gone, and what this shell was told at its start holds
      count=1 own=$(( 10#$JIT_GRANT_EXP )) name=$JIT_TARGET${JIT_ROLE:+:$JIT_ROLE}
      name=${name//[^A-Za-z0-9._\/@:+-]/_}
    fi
  fi
  if [[ $JIT_GRANT_STATE == ended ]]; then
    _JIT_SEG='jit ended' _JIT_COLOUR=red
    export JIT_PROMPT=$_JIT_SEG
    return 0
  fi
  (( count )) || return 0
  seconds=$(( ${own:-$first} - now ))
  _jit_format $seconds
  [[ -z $own ]] || _jit_warn $seconds $name $REPLY
  if (( seconds <= 60 )); then _JIT_COLOUR=red; elif (( seconds <= 300 )); then _JIT_COLOUR=yellow; else _JIT_COLOUR=green; fi
  (( count == 1 )) || name+=+$(( count - 1 ))
  _JIT_SEG="$name $REPLY"
  export JIT_PROMPT=$_JIT_SEG
}

# _jit_render: puts our part into PROMPT, in place of what it was before.
_jit_render() {
  emulate -L zsh
  local before=$_JIT_MARK
  psvar[_JIT_PSVAR]=$_JIT_SEG
  [[ -n $_JIT_OWN_SEGMENT || $JIT_PROMPT_INJECT == 0 ]] && return 0
  if [[ -n $NO_COLOR || $TERM == dumb ]]; then
    _JIT_MARK="%(${_JIT_PSVAR}V.[%${_JIT_PSVAR}v] .)"
  else
    _JIT_MARK="%(${_JIT_PSVAR}V.%F{$_JIT_COLOUR}[%${_JIT_PSVAR}v]%f .)"
  fi
  if [[ -n $before && $PROMPT == *"$before"* ]]; then
    PROMPT=${PROMPT/"$before"/$_JIT_MARK}
  elif [[ $PROMPT != *"$_JIT_MARK"* ]]; then
    PROMPT=$_JIT_MARK$PROMPT
  fi
}

# _jit_precmd: before each prompt. The first one tells jit, through the file JIT_READY, that the hook runs.
_jit_precmd() {
  local -i before=$?
  emulate -L zsh
  _jit_check
  _jit_flush
  _jit_render
  if [[ -n $JIT_READY ]]; then
    : >$JIT_READY
    unset JIT_READY
  fi
  return before
}

# _jit_preexec: before each command, in case no signal came: no command starts with the secrets of a dead grant.
_jit_preexec() {
  emulate -L zsh
  [[ $JIT_GRANT_STATE == active ]] || return 0
  _jit_check
  _jit_flush
}

# jit says with SIGURG that the grant has changed. In this order, or reset-prompt overwrites the message.
TRAPURG() {
  emulate -L zsh
  _jit_check
  _jit_render
  if zle; then
    zle reset-prompt
    (( ${#_JIT_MESSAGES} )) && zle -I
  fi
  _jit_flush
  return 0
}

autoload -Uz add-zsh-hook && {
  add-zsh-hook precmd _jit_precmd
  add-zsh-hook preexec _jit_preexec
}

# powerlevel10k rewrites PROMPT after every other hook, so there the segment is one of its own.
if (( ${+functions[p10k]} )) &&
  [[ " $POWERLEVEL9K_LEFT_PROMPT_ELEMENTS $POWERLEVEL9K_RIGHT_PROMPT_ELEMENTS " != *' jit '* ]]; then
  _JIT_OWN_SEGMENT=1
  prompt_jit() { [[ -n $_JIT_SEG ]] && p10k segment -f $_JIT_COLOUR -t "${_JIT_SEG//\%/%%}" }
  POWERLEVEL9K_LEFT_PROMPT_ELEMENTS=(jit $POWERLEVEL9K_LEFT_PROMPT_ELEMENTS)
  p10k reload
fi
