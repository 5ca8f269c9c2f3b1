# The prompt hook of jit for bash >= 3.2: shows the grant and its time left, and drops its secrets when it ends.
# Builtins only, no fork per prompt. The prompt-state file is data from outside: it is checked, and never evaluated.
# Its lines: <expiry, epoch seconds> <grant id> <target> <role> [more]

[[ $- == *i* && -z ${_JIT_LOADED-} ]] || return 0

_JIT_LOADED=1
_JIT_SEG=                # what the prompt shows, with colours
_JIT_WARNED=             # last warning given: 5m or 1m
_JIT_BEFORE=0            # seconds left at the last look; more than that means a new end
_JIT_WHOLE=0             # seconds left when this end was first seen
_JIT_MARK='${_JIT_SEG}'  # literal in PS1: what an expansion yields is not expanded again
: "${_JIT_STATE:=${JIT_STATE_FILE:-${XDG_RUNTIME_DIR:-/nonexistent}/jit/prompt}}"

# Spelled out, because the meaning of [a-z] depends on the locale.
_JIT_NAME_CHARS=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_
_JIT_TARGET_CHARS=$_JIT_NAME_CHARS./@:+-

# _jit_now: puts the time, in epoch seconds, into _jit_time.
if [[ -n ${EPOCHSECONDS-} ]]; then # bash >= 5.0
  _jit_now() { _jit_time=$EPOCHSECONDS; }
elif printf -v _jit_time '%(%s)T' -1 2>/dev/null; then # bash >= 4.2
  _jit_now() { printf -v _jit_time '%(%s)T' -1; }
else # SECONDS follows the wall clock; it is anchored once
  _jit_anchor=${JIT_NOW:-}
  case $_jit_anchor in '' | *[!0123456789]*) _jit_anchor=$(command date +%s) ;; esac
  _jit_anchor=$((_jit_anchor - SECONDS))
  _jit_now() { _jit_time=$((_jit_anchor + SECONDS)); }
fi
unset -v JIT_NOW # a nested shell must not inherit an old clock

# _jit_format SECONDS: puts "1h05m"-like text into _jit_left. Whole minutes are rounded up.
_jit_format() {
  if (($1 >= 3600)); then
    _jit_left=$(($1 / 3600))h$(($1 % 3600 / 60))m
  elif (($1 > 60)); then
    _jit_left=$((($1 + 59) / 60))m
  else
    _jit_left=${1}s
  fi
}

# _jit_show COLOUR TEXT: the text holds no character that a prompt would expand.
_jit_show() {
  export JIT_PROMPT=$2
  if [[ -n ${NO_COLOR-} || ${TERM-} == dumb ]]; then
    _JIT_SEG="[$2] "
  else
    _JIT_SEG=$'\001\e['"$1"$'m\002['"$2"$']\001\e[0m\002 '
  fi
}

# _jit_drop: the grant is over. Only secrets go: what leads to an endpoint or a file that is gone stays, so that
# programs fail instead of finding another identity. IFS is a blank here, set by _jit_check: JIT_DROP would not split
# otherwise.
_jit_drop() {
  local name
  for name in ${JIT_DROP-}; do
    [[ $name != [0123456789]* && $name != *[!$_JIT_NAME_CHARS]* ]] && unset -v "$name" 2>/dev/null
  done
  printf '\njit: %s has ended; what needs it fails in this shell. Type "exit" to leave.\n' \
    "${JIT_TARGET-}${JIT_ROLE:+:$JIT_ROLE}" >&2
  unset -v JIT_DROP JIT_GRANT_EXP JIT_EXTEND
  export JIT_GRANT_STATE=ended
}

# _jit_read: from the state file, sets the caller's count, first (earliest expiry), own (ours) and name (to show).
_jit_read() {
  local expiry id target role more
  [[ -s $_JIT_STATE && -O $_JIT_STATE ]] || return 0
  while read -r expiry id target role more; do
    # Digits are checked before any arithmetic: (( )) would run a subscript such as a[$(…)].
    [[ -n $expiry && ${#expiry} -le 11 && $expiry != *[!0123456789]* ]] || continue
    [[ -n $target && ${#target} -le 40 && $target != *[!$_JIT_TARGET_CHARS]* ]] || continue
    [[ -z $role || ${#role} -gt 40 || $role == *[!$_JIT_TARGET_CHARS]* ]] || target=$target:$role
    expiry=$((10#$expiry))
    ((expiry > _jit_time)) || continue
    count=$((count + 1))
    if [[ $id == "${JIT_GRANT_ID-}" ]]; then own=$expiry name=$target; fi
    if [[ -z $first ]] || ((expiry < first)); then
      first=$expiry
      [[ -n $own ]] || name=$target
    fi
  done <"$_JIT_STATE"
}

# _jit_warn SECONDS NAME: once at five minutes and once at one minute, if there were twice as many to begin with;
# an extended grant warns again.
_jit_warn() {
  if (($1 > _JIT_BEFORE)); then _JIT_WARNED='' _JIT_WHOLE=$1; fi
  _JIT_BEFORE=$1
  if (($1 <= 60 && _JIT_WHOLE >= 120)); then
    [[ $_JIT_WARNED != 1m ]] || return 0
    _JIT_WARNED=1m
    printf '\njit: %s ends in %s - %sfinish up.\a\n' "$2" "$_jit_left" \
      "${JIT_EXTEND:+\"jit extend --for $JIT_EXTEND\" or }" >&2
  elif (($1 > 60 && $1 <= 300 && _JIT_WHOLE >= 600)) && [[ -z $_JIT_WARNED ]]; then
    _JIT_WARNED=5m
    printf '\njit: %s ends in %s\n' "$2" "$_jit_left" >&2
  fi
}

# _jit_check: decides what the prompt shows, and whether this shell's grant is over.
_jit_check() {
  local IFS=' ' count=0 first= own= name= seconds colour
  _JIT_SEG=
  unset -v JIT_PROMPT
  case ${JIT_GRANT_EXP-} in *[!0123456789]*) unset -v JIT_GRANT_EXP ;; esac
  _jit_now
  _jit_read
  if [[ -n ${JIT_GRANT_ID-} && ${JIT_GRANT_STATE-} == active && -z $own ]]; then
    if [[ -e $_JIT_STATE ]] || ((10#${JIT_GRANT_EXP:-0} <= _jit_time)); then
      _jit_drop
    else # no file: the broker is gone, and what this shell was told at its start holds
      count=1 own=$((10#$JIT_GRANT_EXP)) name=${JIT_TARGET-}${JIT_ROLE:+:$JIT_ROLE}
      name=${name//[!$_JIT_TARGET_CHARS]/_}
    fi
  fi
  if [[ ${JIT_GRANT_STATE-} == ended ]]; then
    _jit_show 31 'jit ended'
    return 0
  fi
  ((count)) || return 0
  seconds=$((${own:-$first} - _jit_time))
  _jit_format $seconds
  [[ -z $own ]] || _jit_warn $seconds "$name"
  if ((seconds <= 60)); then colour='1;31'; elif ((seconds <= 300)); then colour=33; else colour=32; fi
  ((count == 1)) || name+=+$((count - 1))
  _jit_show $colour "$name $_jit_left"
}

# _jit_precmd: before each prompt. The first one tells jit, through the file JIT_READY, that the hook runs.
_jit_precmd() {
  local status=$?
  _jit_check
  if [[ -n ${JIT_READY-} ]]; then
    : >"$JIT_READY"
    unset -v JIT_READY
  fi
  [[ ${JIT_PROMPT_INJECT-1} == 0 || $PS1 == *"$_JIT_MARK"* ]] || PS1=$_JIT_MARK$PS1
  return $status
}

# _jit_signal: jit says with SIGURG that the grant has changed. At an idle prompt bash runs this after Enter,
# before the typed command.
_jit_signal() {
  local status=$?
  _jit_check
  return $status
}

# _jit_install: may be called again; it moves the hook to the end, after whatever else sets PS1.
_jit_install() {
  local i
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) &&
    [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
    for i in "${!PROMPT_COMMAND[@]}"; do
      PROMPT_COMMAND[i]=${PROMPT_COMMAND[i]//_jit_precmd/:}
    done
    PROMPT_COMMAND+=(_jit_precmd)
  else
    PROMPT_COMMAND=${PROMPT_COMMAND-}
    PROMPT_COMMAND=${PROMPT_COMMAND//_jit_precmd/:}
    # A line of its own: safe after a trailing semicolon.
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}_jit_precmd
  fi
  trap _jit_signal URG
}
_jit_install

# In the shell that jit started, "suspend" stops jit first: nobody would hand the terminal back otherwise.
if [[ -n ${JIT_PARENT-} && $JIT_PARENT == "$PPID" ]]; then
  suspend() { kill -s STOP "$PPID" && builtin suspend "$@"; }
fi
