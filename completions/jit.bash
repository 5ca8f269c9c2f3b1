# The prompt hook of jit for bash >= 3.2: shows the active grants and their time left, and drops the secrets of this
# shell's own grant when it ends. Builtins only, no fork per prompt. The prompt-state file is data from outside: it is
# checked, and never evaluated. Its lines:
#   <end, epoch seconds> <grant id> <target> <role> <low|medium|high> <active|overdue>
# It must work under whatever the user's files set (IFS, set -eu, posix mode, readonly variables). Hence locals that
# start with _jit_, no splitting by IFS (quote every argument), and builtins where a plain assignment to a readonly
# variable would abort.
# Others may call: _jit_check (look again), _jit_now (puts the time into _jit_time), _jit_install (be last again).

[[ $- == *i* && -z ${_JIT_LOADED-} ]] || return 0

_JIT_LOADED=1
export -n _JIT_LOADED # under set -a a shell inside this one would take itself for this one
_JIT_ALIASES=
if shopt -q expand_aliases; then _JIT_ALIASES=1; fi
shopt -u expand_aliases # or an alias of the user for "local" or "read" became part of the functions below

_JIT_SEG=        # what the prompt shows, with colours
_JIT_MARK=       # our part of PS1
_JIT_OWN=        # id of the grant that _JIT_END and _JIT_WARNINGS are about
_JIT_END=0       # its end, as last seen: a later one is an extension
_JIT_WARNINGS=   # how many seconds before that end to warn, longest first
_JIT_USUAL=      # the same for the grants of other shells
_JIT_TOLD=0      # how many of the warnings have been given
_JIT_STARTED=    # when the grant of this shell was handed out
_JIT_GAVE=       # set when it is known that programs get what the grant gave
_JIT_ENDED=      # id of the grant that has ended in this shell: JIT_GRANT_STATE may be readonly
_JIT_TEXT=       # as _JIT_SEG, for JIT_PROMPT
_JIT_KEY=-       # what the last look was made from; it holds from _JIT_SINCE until _JIT_NEXT

# Spelled out, because the meaning of [a-z] depends on the locale.
_JIT_DIGITS=0123456789
_JIT_VARIABLE_CHARS=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$_JIT_DIGITS
_JIT_NAME_CHARS=$_JIT_VARIABLE_CHARS./@:+-

# _jit_find_state: sets _JIT_STATE, the file of the broker: as told, or where the broker of this user keeps it.
_jit_find_state() {
  local _jit_state=${HOME-}/.local/state/jit _jit_run=
  [[ $OSTYPE != darwin* ]] || _jit_state="${HOME-}/Library/Application Support/jit"
  [[ ${XDG_STATE_HOME-} != /* ]] || _jit_state=$XDG_STATE_HOME/jit
  [[ ${XDG_RUNTIME_DIR-} != /* ]] || _jit_run=$XDG_RUNTIME_DIR/jit
  [[ ${JIT_STATE_DIR-} != /* ]] || _jit_state=$JIT_STATE_DIR _jit_run=
  _JIT_STATE=${JIT_STATE_FILE:-${_JIT_STATE:-${_jit_run:-$_jit_state/run}/prompt}}
}
_jit_find_state

case ${JIT_NOW-} in
  '' | *[!$_JIT_DIGITS]* | ????????????*) ;;
  *) _JIT_STARTED=$((10#$JIT_NOW)) ;;
esac
unset -v JIT_NOW 2>/dev/null # a shell inside this one must not inherit an old clock

# _jit_now: puts the time, in epoch seconds, into _jit_time.
if [[ -n ${EPOCHSECONDS-} ]]; then # bash >= 5.0
  _jit_now() { _jit_time=$EPOCHSECONDS; }
elif printf -v _jit_time '%(%s)T' -1 2>/dev/null; then # bash >= 4.2
  _jit_now() { printf -v _jit_time '%(%s)T' -1; }
else # SECONDS follows the wall clock; it is anchored once
  _jit_anchor=${_JIT_STARTED:-$(command date +%s)}
  _jit_anchor=$((_jit_anchor - SECONDS))
  _jit_now() { _jit_time=$((_jit_anchor + SECONDS)); }
fi

# _jit_until SECONDS: what is shown holds no longer than that.
_jit_until() { ((_jit_time + $1 >= _JIT_NEXT)) || _JIT_NEXT=$((_jit_time + $1)); }

# _jit_format SECONDS: puts "1h5m"-like text into _jit_left. Whole minutes are rounded up.
_jit_format() {
  if (($1 >= 3600)); then
    _jit_left=$(($1 / 3600))h$(($1 % 3600 / 60))m
    _jit_until "$(($1 % 60 + 1))"
  elif (($1 > 60)); then
    _jit_left=$((($1 + 59) / 60))m
    _jit_until "$((($1 + 59) % 60 + 1))"
  else
    _jit_left=${1}s
    _jit_until 1
  fi
}

# _jit_scale SECONDS: puts into _jit_scaled when to warn in a grant of that length: as JIT_WARN says, or all of it
# shortened by the same factor in a grant less than twice as long as the first warning, without those under 5 seconds.
# The rule is the broker's (warningsFor); here it is rounded up, so that a warning is due when the broker says so.
_jit_scale() {
  local _jit_rest="${JIT_WARN-300 60} " _jit_one _jit_twice=
  _jit_scaled=
  while [[ -n $_jit_rest ]]; do
    _jit_one=${_jit_rest%% *} _jit_rest=${_jit_rest#* }
    case $_jit_one in '' | *[!$_JIT_DIGITS]* | ????????*) continue ;; esac
    _jit_one=$((10#$_jit_one))
    : "${_jit_twice:=$((2 * _jit_one))}"
    if (($1 < _jit_twice)); then
      ((_jit_one * $1 >= 5 * _jit_twice)) || continue
      _jit_one=$(((_jit_one * $1 + _jit_twice - 1) / _jit_twice))
    fi
    ((_jit_one < 5)) || _jit_scaled+="$_jit_one "
  done
}

# _jit_due SECONDS WARNINGS: puts into _jit_level how many of the warnings are due, and into _jit_all whether all are.
_jit_due() {
  local _jit_rest=$2
  _jit_level=0 _jit_all=
  while [[ -n $_jit_rest ]]; do
    if (($1 > ${_jit_rest%% *})); then
      _jit_until "$(($1 - ${_jit_rest%% *}))"
      return 0
    fi
    _jit_level=$((_jit_level + 1)) _jit_rest=${_jit_rest#* }
  done
  ((_jit_level == 0)) || _jit_all=1
}

# _jit_describe END NAME RISK STATE WARNINGS: puts a grant, as the prompt shows it, into _jit_plain and _jit_colour.
_jit_describe() {
  _jit_plain=$2
  [[ $3 != high ]] || _jit_plain+='!'
  if [[ $4 == overdue ]]; then
    _jit_plain+=' OVERDUE' _jit_colour='37;41'
    return 0
  fi
  _jit_due "$(($1 - _jit_time))" "$5"
  _jit_format "$(($1 - _jit_time))"
  _jit_plain+=" $_jit_left"
  case ${_jit_all:+last}$_jit_level$3 in
    last*) _jit_colour='1;31' ;;
    0low) _jit_colour=32 ;;
    0medium) _jit_colour=36 ;;
    0high) _jit_colour='1;35' ;;
    *) _jit_colour=33 ;;
  esac
}

# _jit_add TEXT COLOUR: the text holds no character that a prompt would expand.
_jit_add() {
  _jit_text+="${_jit_text:+, }$1"
  if [[ -n $2 && -z ${NO_COLOR-} && ${TERM-} != dumb ]]; then
    _jit_seg+="${_jit_seg:+, }"$'\001\e['$2$'m\002'$1$'\001\e[0m\002'
  else
    _jit_seg+="${_jit_seg:+, }$1"
  fi
}

# _jit_drop: the grant is over. Only secrets go: what leads to an endpoint or a file that is gone stays, so that
# programs fail instead of finding another identity.
_jit_drop() {
  local _jit_rest="${JIT_DROP-} " _jit_one
  while [[ -n $_jit_rest ]]; do
    _jit_one=${_jit_rest%% *} _jit_rest=${_jit_rest#* }
    [[ -n $_jit_one && $_jit_one != [$_JIT_DIGITS]* && $_jit_one != *[!$_JIT_VARIABLE_CHARS]* ]] || continue
    unset -v "$_jit_one" 2>/dev/null || export -n "$_jit_one" 2>/dev/null || :
    unset -v "JIT_GIVEN_$_jit_one" 2>/dev/null || export -n "JIT_GIVEN_$_jit_one" 2>/dev/null || :
  done
  _jit_own_name
  printf '\njit: %s has ended; what needs it fails in this shell. Type %s to leave.\n' "$_jit_name" "$_jit_way" >&2
  unset -v JIT_DROP JIT_GRANT_EXP JIT_EXTEND 2>/dev/null || :
  export JIT_GRANT_STATE=ended 2>/dev/null || :
  _JIT_ENDED=$JIT_GRANT_ID
}

# _jit_own_name: puts what this shell was started for, as it was told then, into _jit_name, and what to type to leave it
# into _jit_way.
_jit_own_name() {
  _jit_name=${JIT_TARGET-}${JIT_ROLE:+:$JIT_ROLE} _jit_way='"exit"'
  _jit_name=${_jit_name//[!$_JIT_NAME_CHARS]/_}
  _jit_name=${_jit_name:0:81}
  [[ ${JIT_USE-} != 1 ]] || _jit_way='"jit drop"'
  # A shell inside of the one that uses the grant.
  [[ ${JIT_USE-} != 1 || ${JIT_USE_PID:-$$} == "$$" ]] || _jit_way='"exit" and then "jit drop"'
}

# _jit_load: puts the state file, as far as it is no bigger than it could be, into _jit_content.
_jit_load() {
  local _jit_line _jit_lines=0
  while read -r _jit_line && (((_jit_lines += 1) <= 64)); do
    ((${#_jit_line} > 200)) || _jit_content+=$_jit_line$'\n'
  done <"$_JIT_STATE"
}

# _jit_parse LINE: sets the caller's _jit_own_* from the line of this shell's grant; from others _jit_count, and
# _jit_plains and _jit_colours of the first three. Fails for a line that is not one of a grant.
_jit_parse() {
  local _jit_line="$1 " _jit_end _jit_id _jit_target _jit_role _jit_risk _jit_state
  _jit_end=${_jit_line%% *} _jit_line=${_jit_line#* }
  # Digits are checked before any arithmetic: (( )) would run a subscript such as a[$(…)].
  [[ -n $_jit_end && ${#_jit_end} -le 11 && $_jit_end != *[!$_JIT_DIGITS]* ]] || return 1
  _jit_end=$((10#$_jit_end))
  _jit_id=${_jit_line%% *} _jit_line=${_jit_line#* }
  _jit_target=${_jit_line%% *} _jit_line=${_jit_line#* }
  [[ -n $_jit_target && ${#_jit_target} -le 40 && $_jit_target != *[!$_JIT_NAME_CHARS]* ]] || return 1
  _jit_role=${_jit_line%% *} _jit_line=${_jit_line#* }
  [[ -n $_jit_role && ${#_jit_role} -le 40 && $_jit_role != *[!$_JIT_NAME_CHARS]* ]] || return 1
  _jit_risk=${_jit_line%% *} _jit_line=${_jit_line#* }
  _jit_state=${_jit_line%% *}
  case $_jit_risk/$_jit_state in
    low/overdue | medium/overdue | high/overdue) ;;
    low/active | medium/active | high/active) ((_jit_end > _jit_time)) || return 1 ;;
    /) # format 2
      _jit_risk=medium _jit_state=active
      ((_jit_end > _jit_time)) || return 1
      ;;
    *) return 1 ;;
  esac
  if [[ -n ${JIT_GRANT_ID-} && $_jit_id == "$JIT_GRANT_ID" ]]; then
    _jit_own_end=$_jit_end _jit_own_risk=$_jit_risk _jit_own_state=$_jit_state _jit_name=$_jit_target:$_jit_role
    return 0
  fi
  if ((_jit_count < 3)); then
    _jit_describe "$_jit_end" "$_jit_target:$_jit_role" "$_jit_risk" "$_jit_state" "$_JIT_USUAL"
    _jit_plains[_jit_count]=$_jit_plain _jit_colours[_jit_count]=$_jit_colour
  elif [[ $_jit_state == active ]] && ((_jit_end < _JIT_NEXT)); then
    _JIT_NEXT=$_jit_end
  fi
  _jit_count=$((_jit_count + 1))
}

# _jit_live: decides whether this shell's grant, active so far, still is. If not, its secrets go.
_jit_live() {
  [[ $_jit_own_state != active ]] || return 0
  case ${JIT_GRANT_EXP-} in '' | *[!$_JIT_DIGITS]* | ????????????*) unset -v JIT_GRANT_EXP 2>/dev/null || return 0 ;; esac
  if [[ -n $_jit_own_state$_jit_told ]] || ((10#${JIT_GRANT_EXP:-0} <= _jit_time)); then
    _jit_drop
  else # no file of the broker: what this shell was told last holds
    _jit_own_name
    _jit_own_end=$((10#$JIT_GRANT_EXP)) _jit_own_state=active
    case ${JIT_RISK-} in low | high) _jit_own_risk=$JIT_RISK ;; *) _jit_own_risk=medium ;; esac
  fi
}

# _jit_follow: makes the warnings of this shell's grant, anew when it is another one or has been extended.
_jit_follow() {
  if [[ $_JIT_OWN != "$JIT_GRANT_ID" ]] || ((_jit_own_end > _JIT_END)); then
    _jit_scale "$((_jit_own_end - ${_JIT_STARTED:-$_jit_time}))"
    _JIT_WARNINGS=$_jit_scaled _JIT_OWN=$JIT_GRANT_ID _JIT_TOLD=0 _JIT_STARTED=
    [[ ${JIT_GRANT_EXP-} == "$_jit_own_end" ]] || export JIT_GRANT_EXP="$_jit_own_end" 2>/dev/null || :
  fi
  _JIT_END=$_jit_own_end
}

# _jit_warn: gives the warning that is due, once.
_jit_warn() {
  local _jit_more= _jit_bell=
  ((_jit_level > _JIT_TOLD)) || return 0
  _JIT_TOLD=$_jit_level
  if [[ -n $_jit_all ]]; then
    case ${JIT_EXTEND-} in
      '' | *[!$_JIT_NAME_CHARS]*) _jit_more=' - finish up.' ;;
      *) _jit_more=" - \"jit extend --for $JIT_EXTEND\" or finish up." ;;
    esac
  fi
  [[ " ${JIT_NOTIFY-} " != *' bell '* ]] || _jit_bell=$'\a'
  printf '\njit: %s ends in %s%s%s\n' "$_jit_name" "$_jit_left" "$_jit_more" "$_jit_bell" >&2
}

# _jit_look: decides what the prompt shows from _jit_content, and whether this shell's grant is over.
_jit_look() {
  local _jit_own_end= _jit_own_risk= _jit_own_state= _jit_name= _jit_way= _jit_count=0 _jit_i=0 _jit_shown=3
  local _jit_plain= _jit_colour= _jit_left= _jit_level= _jit_all= _jit_scaled= _jit_text= _jit_seg=
  local -a _jit_plains _jit_colours
  _JIT_NEXT=99999999999
  _jit_scale 99999999
  _JIT_USUAL=$_jit_scaled
  while [[ -n $_jit_content ]]; do
    _jit_parse "${_jit_content%%$'\n'*}" || :
    _jit_content=${_jit_content#*$'\n'}
  done
  if [[ -n ${JIT_GRANT_ID-} ]]; then
    if [[ ${JIT_GRANT_STATE-} == active && $_JIT_ENDED != "$JIT_GRANT_ID" ]]; then _jit_live; fi
    if [[ ${JIT_GRANT_STATE-} == ended || $_JIT_ENDED == "$JIT_GRANT_ID" ]]; then _jit_add 'jit ended' 31; fi
    if [[ -n $_jit_own_state ]]; then
      _jit_follow
      _jit_describe "$_jit_own_end" "$_jit_name" "$_jit_own_risk" "$_jit_own_state" "$_JIT_WARNINGS"
      if [[ $_jit_own_state == active && -z $_jit_text ]]; then _jit_warn; fi
      _jit_add "$_jit_plain" "$_jit_colour"
      _jit_shown=2
    fi
  fi
  while ((_jit_i < _jit_count && _jit_i < _jit_shown)); do
    _jit_add "${_jit_plains[_jit_i]}" "${_jit_colours[_jit_i]}"
    _jit_i=$((_jit_i + 1))
  done
  ((_jit_count == _jit_i)) || _jit_add "+$((_jit_count - _jit_i))" ''
  _JIT_TEXT=$_jit_text _JIT_SEG=${_jit_seg:+"[$_jit_seg] "}
}

# _jit_check: looks, unless nothing can have changed: the same file, the same terms, and no text that is due to change.
_jit_check() {
  # A signal meanwhile asks for one look more: two at once would mix what they read.
  local _jit_looking=1 _jit_again=1
  while [[ -n $_jit_again ]]; do
    _jit_again=
    _jit_refresh
  done
}
_jit_refresh() {
  local _jit_told= _jit_content= _jit_key="${JIT_GRANT_ID-} ${JIT_GRANT_STATE-} ${JIT_WARN-300 60} ${NO_COLOR:+-} ${TERM-}"
  _jit_now
  if [[ -f $_JIT_STATE && -s $_JIT_STATE && -O $_JIT_STATE ]]; then
    _jit_load || :
    _jit_key+=$'\n'$_jit_content _jit_told=1
  elif [[ -f $_JIT_STATE && -O $_JIT_STATE ]]; then # one of somebody else tells nothing
    _jit_key+=' empty' _jit_told=1
  fi
  if [[ $_jit_key != "$_JIT_KEY" ]] || ((_jit_time < _JIT_SINCE || _jit_time >= _JIT_NEXT)); then
    _JIT_KEY=$_jit_key _JIT_SINCE=$_jit_time
    _jit_look
  fi
  if [[ ${JIT_PROMPT-} != "$_JIT_TEXT" ]]; then
    if [[ -n $_JIT_TEXT ]]; then export JIT_PROMPT="$_JIT_TEXT"; else unset -v JIT_PROMPT; fi 2>/dev/null || :
  fi
}

# _jit_inject: puts our part into PS1. What an expansion yields is not expanded again, so ours is one expansion; where
# the user has turned those off in prompts, it is the text itself.
_jit_inject() {
  if [[ -n $_JIT_MARK && $_JIT_MARK != "$_JIT_SEG" && ${JIT_PROMPT_INJECT-1} != 0 && ${PS1-} == *"$_JIT_MARK"* ]] &&
    shopt -q promptvars; then return 0; fi # the usual case
  local _jit_mark='${_JIT_SEG-}' _jit_before=$_JIT_MARK _jit_ps1=${PS1-}
  if [[ ${JIT_PROMPT_INJECT-1} == 0 ]]; then
    _jit_mark=
  elif ! shopt -q promptvars; then
    _jit_mark=$_JIT_SEG
    if shopt -qo posix; then _jit_mark=${_jit_mark//!/!!}; fi
  fi
  if [[ -n $_jit_before && $_jit_ps1 == *"$_jit_before"* ]]; then
    [[ $_jit_mark != "$_jit_before" ]] || return 0
    _jit_ps1=${_jit_ps1%%"$_jit_before"*}$_jit_mark${_jit_ps1#*"$_jit_before"}
  elif [[ -z $_jit_mark || $_jit_ps1 == *"$_jit_mark"* ]]; then
    _JIT_MARK=$_jit_mark
    return 0
  else
    _jit_ps1=$_jit_mark$_jit_ps1
  fi
  _JIT_MARK=$_jit_mark
  printf -v PS1 '%s' "$_jit_ps1" 2>/dev/null || :
}

# _jit_regain: the user's files may have set what the grant sets, or what it needs not to be set; programs would then act
# as somebody else. jit hands it over twice: JIT_GIVEN and JIT_TAKEN are names, JIT_GIVEN_<NAME> are values. Once is
# enough: what the user sets later is meant.
_jit_regain() {
  local _jit_options=$-
  _JIT_GAVE=1
  [[ -n ${JIT_GIVEN+1}${JIT_TAKEN+1} ]] || return 0
  { set +x; } 2>/dev/null # values would be shown
  _jit_regain_all
  case $_jit_options in *x*) set -x ;; esac
}
_jit_regain_all() {
  local _jit_rest="${JIT_GIVEN-} " _jit_one _jit_copy _jit_again= _jit_stuck= _jit_is='it is' _jit_it=it
  while [[ -n $_jit_rest ]]; do
    _jit_one=${_jit_rest%% *} _jit_rest=${_jit_rest#* }
    [[ -n $_jit_one && $_jit_one != [$_JIT_DIGITS]* && $_jit_one != *[!$_JIT_VARIABLE_CHARS]* ]] || continue
    _jit_copy=JIT_GIVEN_$_jit_one
    if [[ -z ${!_jit_copy+1} ]]; then # a secret; the grant has ended meanwhile
      _jit_take "$_jit_one" || :
    elif _jit_is_given "$_jit_one" "${!_jit_copy}"; then
      continue
    elif _jit_give "$_jit_one" "${!_jit_copy}"; then
      _jit_again+=${_jit_again:+, }$_jit_one
    else
      _jit_stuck+=${_jit_stuck:+, }$_jit_one
    fi
  done
  _jit_rest="${JIT_TAKEN-} "
  while [[ -n $_jit_rest ]]; do
    _jit_one=${_jit_rest%% *} _jit_rest=${_jit_rest#* }
    [[ -n $_jit_one && $_jit_one != [$_JIT_DIGITS]* && $_jit_one != *[!$_JIT_VARIABLE_CHARS]* ]] || continue
    if [[ -n ${!_jit_one+1} ]]; then
      if _jit_take "$_jit_one"; then _jit_again+=${_jit_again:+, }$_jit_one; else _jit_stuck+=${_jit_stuck:+, }$_jit_one; fi
    fi
  done
  for _jit_one in "${!JIT_GIVEN_@}" JIT_GIVEN JIT_TAKEN; do
    unset -v "$_jit_one" 2>/dev/null || export -n "$_jit_one" 2>/dev/null || :
  done
  [[ $_jit_again != *,* ]] || _jit_is='they are' _jit_it=them
  [[ -z $_jit_again ]] ||
    printf 'jit: your start files set %s; %s again as the grant gave %s\n' "$_jit_again" "$_jit_is" "$_jit_it" >&2
  [[ -z $_jit_stuck ]] ||
    printf 'jit: warning: your start files make %s readonly; programs do not get what the grant gave\n' "$_jit_stuck" >&2
}

# _jit_is_given NAME VALUE: whether programs get just that.
_jit_is_given() {
  local _jit_flags
  [ "x${!1-}" = "x$2" ] || return 1 # [[ ]] would ignore case under nocasematch
  _jit_flags=$(declare -p "$1" 2>/dev/null) || return 1
  _jit_flags=${_jit_flags#declare } _jit_flags=${_jit_flags%% *}
  [[ $_jit_flags == *x* && $_jit_flags != *[aAn]* ]]
}

# _jit_give NAME VALUE: fails where programs get something else after all.
_jit_give() {
  if _jit_writable "$1"; then
    _jit_take "$1" || : # or an integer evaluated the value, and a reference set another variable
    export "$1=$2" 2>/dev/null || :
  else
    export "$1" 2>/dev/null || :
  fi
  _jit_is_given "$1" "$2"
}

# _jit_take NAME: no program gets it any more.
_jit_take() {
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 403)) || unset -n "$1" 2>/dev/null || :
  unset -v "$1" 2>/dev/null || export -n "$1" 2>/dev/null
}

# _jit_precmd: before each prompt. The first one tells jit, through the file JIT_READY, that the hook runs.
_jit_precmd() {
  local _jit_status=$?
  [[ -n $_JIT_GAVE ]] || _jit_regain
  _jit_check
  if [[ -n ${JIT_READY-} && $JIT_READY != "${_JIT_READY-}" ]]; then
    _JIT_READY=$JIT_READY
    { [[ -s $JIT_READY ]] || : >|"$JIT_READY"; } 2>/dev/null || : # never a file that holds something
    unset -v JIT_READY 2>/dev/null || :
  fi
  _jit_inject
  # bash itself keeps $?; this is for what follows in PROMPT_COMMAND. Under set -e it would end the shell.
  [[ $- == *e* ]] || return "$_jit_status"
}

# _jit_signal: jit says with SIGURG that the grant has changed. At an idle prompt bash runs this after Enter,
# before the typed command.
_jit_signal() {
  local _jit_status=$?
  # Whoever gives the grant back is not told that it has ended.
  if [[ -n ${_jit_looking-} ]]; then
    _jit_again=1
  elif [[ -z ${_jit_leaving-} ]]; then
    _jit_check
  fi
  [[ $- == *e* ]] || return "$_jit_status"
}

# _jit_writable NAME: whether the variable is not readonly.
_jit_writable() { local "$1" 2>/dev/null; }

# _jit_install: may be called again; it moves the hook to the end, after whatever else sets PS1.
_jit_install() {
  local _jit_i
  trap _jit_signal URG
  _jit_writable PROMPT_COMMAND || return 0 # jit finds out, by JIT_READY
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) &&
    [[ $(declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
    for _jit_i in "${!PROMPT_COMMAND[@]}"; do
      PROMPT_COMMAND[_jit_i]=${PROMPT_COMMAND[_jit_i]//_jit_precmd/:}
    done
    PROMPT_COMMAND+=(_jit_precmd)
  else
    PROMPT_COMMAND=${PROMPT_COMMAND-}
    PROMPT_COMMAND=${PROMPT_COMMAND//_jit_precmd/:}
    # A line of its own: safe after a trailing semicolon.
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}_jit_precmd
  fi
}
_jit_install

# In the shell that jit started, "suspend" stops jit first: nobody would hand the terminal back otherwise. With its whole
# group, for the outer shell's job may be another program, which started jit.
if [[ -n ${JIT_PARENT-} && $JIT_PARENT == "$PPID" ]]; then
  case ${JIT_PARENT_GROUP-} in
    '' | 0* | *[!0123456789]*) _JIT_JOB=$PPID ;;
    *) _JIT_JOB=-$JIT_PARENT_GROUP ;;
  esac
  suspend() { kill -s STOP -- "$_JIT_JOB" && builtin suspend "$@"; }
fi

if [[ -n $_JIT_ALIASES ]]; then shopt -s expand_aliases; fi
