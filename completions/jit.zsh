# The prompt hook of jit for zsh >= 5.1: shows the active grants and their time left, and drops the secrets of this
# shell's own grant when it ends. Builtins only, no fork per prompt. The prompt-state file is data from outside: it is
# checked, and never evaluated. Its lines:
#   <end, epoch seconds> <grant id> <target> <role> <low|medium|high> <active|overdue>
# It must work under whatever options and readonly variables the user's files set: locals start with _jit_.
# Others may call: _jit_check (look again), _jit_now (puts the time into _jit_time).

[[ -o interactive ]] && (( ! ${+_JIT_LOADED} )) || return 0

# These change how the functions below are read; they come back at the end.
typeset -g _JIT_OPTIONS=
[[ ! -o aliases ]] || _JIT_OPTIONS+=' aliases'
[[ ! -o sh_glob ]] || _JIT_OPTIONS+=' sh_glob'
[[ ! -o ignore_braces ]] || _JIT_OPTIONS+=' ignore_braces'
setopt no_aliases no_sh_glob no_ignore_braces

zmodload zsh/datetime
# +x: under ALL_EXPORT a shell inside this one would take itself for this one.
typeset -g +x _JIT_LOADED=1
typeset -ga _JIT_TEXTS=() _JIT_COLOURS=() # what the prompt shows
typeset -g _JIT_MARK=                     # our part of PROMPT
typeset -g _JIT_ADOPTED=                  # set when it is known whether powerlevel10k is there
typeset -g _JIT_OWN_SEGMENT=              # set when a prompt tool shows the segment itself
typeset -ga _JIT_MESSAGES=()              # lines for the user, kept until the line editor lets us print
typeset -g _JIT_RENDERED=                 # set when _JIT_MARK is that of the last look
typeset -gi _JIT_PSVAR=21                 # psvar[21] to [24] are shown by %21v …: as they are, never expanded again
typeset -g _JIT_OWN=                      # id of the grant that _JIT_END and _JIT_WARNINGS are about
typeset -gi _JIT_END=0                    # its end, as last seen: a later one is an extension
typeset -ga _JIT_WARNINGS=()              # how many seconds before that end to warn, longest first
typeset -gi _JIT_TOLD=0                   # how many of the warnings have been given
typeset -gi _JIT_STARTED=0                # when the grant of this shell was handed out
typeset -g _JIT_GAVE=                     # set when it is known that programs get what the grant gave
typeset -g _JIT_ENDED=                    # id of the grant that has ended in this shell
typeset -g _JIT_KEY=-                     # what the last look was made from; it holds from _JIT_SINCE until _JIT_NEXT
typeset -gi _JIT_SINCE=0 _JIT_NEXT=0

# _jit_find_state: sets _JIT_STATE, the file of the broker: as told, or where the broker of this user keeps it.
_jit_find_state() {
  emulate -L zsh
  local _jit_state=$HOME/.local/state/jit _jit_run=
  [[ $OSTYPE != darwin* ]] || _jit_state="$HOME/Library/Application Support/jit"
  [[ $XDG_STATE_HOME != /* ]] || _jit_state=$XDG_STATE_HOME/jit
  [[ $XDG_RUNTIME_DIR != /* ]] || _jit_run=$XDG_RUNTIME_DIR/jit
  [[ $JIT_STATE_DIR != /* ]] || _jit_state=$JIT_STATE_DIR _jit_run=
  typeset -g _JIT_STATE=${JIT_STATE_FILE:-${_JIT_STATE:-${_jit_run:-$_jit_state/run}/prompt}}
  [[ $JIT_NOW == <-> && ${#JIT_NOW} -le 11 ]] && _JIT_STARTED=$(( 10#$JIT_NOW ))
  _jit_unset JIT_NOW
}

# _jit_unset NAME…, _jit_export NAME VALUE: a readonly variable stays, without an error that would end the hook.
_jit_unset() {
  local _jit_variable
  for _jit_variable; do
    [[ ${(Pt)_jit_variable} == *readonly* ]] || unset $_jit_variable
  done
}
_jit_export() {
  [[ ${(Pt)1} == *readonly* ]] || export "$1=$2"
}

# _jit_take NAME: no program gets it any more.
_jit_take() {
  if [[ ${(Pt)1} == *readonly* ]]; then typeset -g +x $1; else unset $1; fi
}

# _jit_now: puts the time, in epoch seconds, into _jit_time.
_jit_now() { _jit_time=$EPOCHSECONDS }

# _jit_until SECONDS: what is shown holds no longer than that.
_jit_until() { (( _jit_time + $1 >= _JIT_NEXT )) || _JIT_NEXT=$(( _jit_time + $1 )) }

# _jit_format SECONDS: puts "1h5m"-like text into _jit_left. Whole minutes are rounded up.
_jit_format() {
  if (( $1 >= 3600 )); then
    _jit_left=$(( $1 / 3600 ))h$(( $1 % 3600 / 60 ))m
    _jit_until $(( $1 % 60 + 1 ))
  elif (( $1 > 60 )); then
    _jit_left=$(( ($1 + 59) / 60 ))m
    _jit_until $(( ($1 + 59) % 60 + 1 ))
  else
    _jit_left=${1}s
    _jit_until 1
  fi
}

# _jit_scale SECONDS: puts into _jit_scaled when to warn in a grant of that length: as JIT_WARN says, or all of it
# shortened by the same factor in a grant less than twice as long as the first warning, without those under 5 seconds.
# The rule is the broker's (warningsFor); here it is rounded up, so that a warning is due when the broker says so.
_jit_scale() {
  local _jit_one
  local -i _jit_twice=0
  _jit_scaled=()
  for _jit_one in ${(s: :)${JIT_WARN-300 60}}; do
    [[ $_jit_one == <-> && ${#_jit_one} -le 7 ]] || continue
    (( _jit_one = 10#$_jit_one, _jit_twice = _jit_twice ? _jit_twice : 2 * _jit_one ))
    if (( $1 < _jit_twice )); then
      (( _jit_one * $1 >= 5 * _jit_twice )) || continue
      (( _jit_one = (_jit_one * $1 + _jit_twice - 1) / _jit_twice ))
    fi
    (( _jit_one < 5 )) || _jit_scaled+=($_jit_one)
  done
}

# _jit_describe END NAME RISK STATE WARNING…: puts a grant, as the prompt shows it, into _jit_plain and _jit_colour;
# how many of the warnings are due into _jit_level, and how long is left into _jit_left.
_jit_describe() {
  local -i _jit_seconds=$(( $1 - _jit_time )) _jit_most=$(( $# - 4 ))
  _jit_plain=$2
  [[ $3 != high ]] || _jit_plain+='!'
  if [[ $4 == overdue ]]; then
    _jit_plain+=' OVERDUE' _jit_colour=alarm
    return 0
  fi
  case $3 in low) _jit_colour=green ;; medium) _jit_colour=cyan ;; *) _jit_colour='bold magenta' ;; esac
  _jit_format $_jit_seconds
  _jit_plain+=" $_jit_left"
  shift 4
  for (( _jit_level = 0; _jit_level < _jit_most; _jit_level++ )); do
    (( _jit_seconds <= $1 )) || break
    shift
  done
  (( _jit_level == _jit_most )) || _jit_until $(( _jit_seconds - $1 ))
  (( _jit_level == 0 )) || _jit_colour=yellow
  (( _jit_level == 0 || _jit_level < _jit_most )) || _jit_colour='bold red'
}

# _jit_add TEXT COLOUR
_jit_add() { _JIT_TEXTS+=("$1") _JIT_COLOURS+=("$2") }

# _jit_own_name: puts what this shell was started for, as it was told then, into _jit_name.
_jit_own_name() {
  _jit_name=$JIT_TARGET${JIT_ROLE:+:$JIT_ROLE}
  _jit_name=${${_jit_name//[^A-Za-z0-9._\/@:+-]/_}[1,81]}
}

# _jit_drop: the grant is over. Only secrets go: what leads to an endpoint or a file that is gone stays, so that
# programs fail instead of finding another identity.
_jit_drop() {
  local _jit_one _jit_way='"exit"'
  for _jit_one in ${(s: :)JIT_DROP}; do
    [[ $_jit_one == [A-Za-z_][A-Za-z0-9_]# ]] || continue
    _jit_take $_jit_one
    _jit_take JIT_GIVEN_$_jit_one
  done
  _jit_own_name
  [[ $JIT_USE != 1 ]] || _jit_way='"jit drop"'
  # A shell inside of the one that uses the grant.
  [[ $JIT_USE != 1 || ${JIT_USE_PID:-$$} == $$ ]] || _jit_way='"exit" and then "jit drop"'
  _JIT_MESSAGES+=("jit: $_jit_name has ended; what needs it fails in this shell. Type $_jit_way to leave.")
  _jit_unset JIT_DROP JIT_GRANT_EXP JIT_EXTEND
  _jit_export JIT_GRANT_STATE ended
  _JIT_ENDED=$JIT_GRANT_ID
}

# _jit_parse LINE: sets the caller's _jit_own_* from the line of this shell's grant, or adds one to _jit_others.
# Fails for a line that is not one of a grant.
_jit_parse() {
  local -a _jit_field=("${(@s: :)1}")
  # Digits are checked before any arithmetic: (( )) would run a subscript such as a[$(…)].
  [[ $_jit_field[1] == <-> && ${#_jit_field[1]} -le 11 ]] || return 1
  [[ ${#_jit_field[3]} -le 40 && $_jit_field[3] == [A-Za-z0-9._/@:+-]## ]] || return 1
  [[ ${#_jit_field[4]} -le 40 && $_jit_field[4] == [A-Za-z0-9._/@:+-]## ]] || return 1
  (( ${#_jit_field} > 4 )) || _jit_field[5,6]=(medium active) # format 2
  [[ $_jit_field[5] == (low|medium|high) && $_jit_field[6] == (active|overdue) ]] || return 1
  local -i _jit_end=$(( 10#$_jit_field[1] ))
  [[ $_jit_field[6] == overdue ]] || (( _jit_end > _jit_time )) || return 1
  if [[ -n $JIT_GRANT_ID && $_jit_field[2] == "$JIT_GRANT_ID" ]]; then
    _jit_own_end=$_jit_end _jit_own_risk=$_jit_field[5] _jit_own_state=$_jit_field[6]
    _jit_name=$_jit_field[3]:$_jit_field[4]
  else
    _jit_others+=("$_jit_end $_jit_field[3]:$_jit_field[4] $_jit_field[5] $_jit_field[6]")
    [[ $_jit_field[6] == overdue ]] || _jit_until $(( _jit_end - _jit_time ))
  fi
}

# _jit_live: decides whether this shell's grant, active so far, still is. If not, its secrets go.
_jit_live() {
  [[ $_jit_own_state != active ]] || return 0
  local _jit_exp=0
  [[ $JIT_GRANT_EXP == <-> && ${#JIT_GRANT_EXP} -le 11 ]] && _jit_exp=$(( 10#$JIT_GRANT_EXP ))
  if [[ -n $_jit_own_state$_jit_told ]] || (( _jit_exp <= _jit_time )); then
    _jit_drop
  else # no file of the broker: what this shell was told last holds
    _jit_own_name
    _jit_own_end=$_jit_exp _jit_own_state=active _jit_own_risk=medium
    [[ $JIT_RISK != (low|high) ]] || _jit_own_risk=$JIT_RISK
  fi
}

# _jit_follow: makes the warnings of this shell's grant, anew when it is another one or has been extended.
_jit_follow() {
  local -a _jit_scaled
  if [[ $_JIT_OWN != "$JIT_GRANT_ID" ]] || (( _jit_own_end > _JIT_END )); then
    _jit_scale $(( _jit_own_end - (_JIT_STARTED ? _JIT_STARTED : _jit_time) ))
    _JIT_WARNINGS=($_jit_scaled) _JIT_OWN=$JIT_GRANT_ID _JIT_TOLD=0 _JIT_STARTED=0
    [[ $JIT_GRANT_EXP == "$_jit_own_end" ]] || _jit_export JIT_GRANT_EXP $_jit_own_end
  fi
  _JIT_END=$_jit_own_end
}

# _jit_warn: gives the warning that is due, once.
_jit_warn() {
  local _jit_more= _jit_bell=
  (( _jit_level > _JIT_TOLD )) || return 0
  _JIT_TOLD=$_jit_level
  if (( _jit_level == ${#_JIT_WARNINGS} )); then
    _jit_more=' - finish up.'
    [[ $JIT_EXTEND == [A-Za-z0-9.]## ]] && _jit_more=" - \"jit extend --for $JIT_EXTEND\" or finish up."
  fi
  [[ " $JIT_NOTIFY " != *' bell '* ]] || _jit_bell=$'\a'
  _JIT_MESSAGES+=("jit: $_jit_name ends in $_jit_left$_jit_more$_jit_bell")
}

# _jit_look CONTENT: decides what the prompt shows, and whether this shell's grant is over.
_jit_look() {
  setopt localoptions extendedglob
  local _jit_line _jit_name _jit_left _jit_plain _jit_colour _jit_own_state _jit_own_risk
  local -i _jit_own_end=0 _jit_level=0 _jit_shown=3
  local -a _jit_others _jit_scaled
  _JIT_TEXTS=() _JIT_COLOURS=() _JIT_NEXT=99999999999
  for _jit_line in "${(@f)1}"; do
    (( ${#_jit_line} > 200 )) || _jit_parse "$_jit_line"
  done
  if [[ -n $JIT_GRANT_ID ]]; then
    [[ $JIT_GRANT_STATE != active || $_JIT_ENDED == "$JIT_GRANT_ID" ]] || _jit_live
    [[ $JIT_GRANT_STATE != ended && $_JIT_ENDED != "$JIT_GRANT_ID" ]] || _jit_add 'jit ended' red
    if [[ -n $_jit_own_state ]]; then
      _jit_follow
      _jit_describe $_jit_own_end $_jit_name $_jit_own_risk $_jit_own_state $_JIT_WARNINGS
      [[ $_jit_own_state != active ]] || (( ${#_JIT_TEXTS} )) || _jit_warn
      _jit_add $_jit_plain $_jit_colour
      _jit_shown=2
    fi
  fi
  _jit_scale 99999999
  for _jit_line in $_jit_others[1,_jit_shown]; do
    _jit_describe ${(s: :)_jit_line} $_jit_scaled
    _jit_add $_jit_plain $_jit_colour
  done
  (( ${#_jit_others} <= _jit_shown )) || _jit_add +$(( ${#_jit_others} - _jit_shown )) ''
}

# _jit_check: looks, unless nothing can have changed: the same file, the same terms, and no text that is due to change.
_jit_check() {
  emulate -L zsh -o no_err_exit -o no_err_return
  _jit_refresh
}
# _jit_update: the same, and puts it into PROMPT.
_jit_update() {
  # A signal meanwhile asks for one look more: two at once would mix what they read, and what they write.
  local _jit_looking=1 _jit_again=1
  while [[ -n $_jit_again ]]; do
    _jit_again=
    _jit_refresh_once
    _jit_render
  done
}
_jit_refresh() {
  local _jit_looking=1 _jit_again=1
  while [[ -n $_jit_again ]]; do
    _jit_again=
    _jit_refresh_once
  done
}
_jit_refresh_once() {
  local _jit_content= _jit_prompt _jit_told=
  local _jit_key="$JIT_GRANT_ID $JIT_GRANT_STATE ${JIT_WARN-300 60} $JIT_PROMPT_INJECT ${NO_COLOR:+-} $TERM"
  local -i _jit_time
  _jit_now
  if [[ -f $_JIT_STATE && -s $_JIT_STATE && -O $_JIT_STATE ]]; then
    _jit_content=$(<$_JIT_STATE) # does not fork in zsh
    _jit_key+=$'\n'$_jit_content _jit_told=1
  elif [[ -f $_JIT_STATE && -O $_JIT_STATE ]]; then # one of somebody else tells nothing
    _jit_key+=' empty' _jit_told=1
  fi
  if [[ $_jit_key != "$_JIT_KEY" ]] || (( _jit_time < _JIT_SINCE || _jit_time >= _JIT_NEXT )); then
    _JIT_KEY=$_jit_key _JIT_SINCE=$_jit_time
    _JIT_RENDERED=
    _jit_look "$_jit_content"
  fi
  _jit_prompt=${(j:, :)_JIT_TEXTS}
  if [[ -z $_jit_prompt ]]; then
    (( ! ${+JIT_PROMPT} )) || _jit_unset JIT_PROMPT
  elif [[ $JIT_PROMPT != "$_jit_prompt" ]]; then
    _jit_export JIT_PROMPT $_jit_prompt
  fi
}

# _jit_render: puts our part into PROMPT, in place of what it was before. Runs with the options of zsh.
_jit_render() {
  [[ -z $_JIT_RENDERED || $PROMPT != *"$_JIT_MARK"* ]] || return 0
  _JIT_RENDERED=1
  local _jit_before=$_JIT_MARK _jit_item
  local -i _jit_i
  _JIT_MARK=
  if (( ${#_JIT_TEXTS} )) && [[ -z $_JIT_OWN_SEGMENT && $JIT_PROMPT_INJECT != 0 ]]; then
    for (( _jit_i = 1; _jit_i <= ${#_JIT_TEXTS}; _jit_i++ )); do
      [[ $psvar[_JIT_PSVAR+_jit_i-1] == "$_JIT_TEXTS[_jit_i]" ]] || psvar[_JIT_PSVAR+_jit_i-1]=$_JIT_TEXTS[_jit_i]
      _jit_item=%$(( _JIT_PSVAR + _jit_i - 1 ))v
      if [[ -z $NO_COLOR && $TERM != dumb ]]; then
        case $_JIT_COLOURS[_jit_i] in
          '') ;;
          alarm) _jit_item="%K{red}%F{white}$_jit_item%f%k" ;;
          bold*) _jit_item="%B%F{${_JIT_COLOURS[_jit_i]#bold }}$_jit_item%f%b" ;;
          *) _jit_item="%F{$_JIT_COLOURS[_jit_i]}$_jit_item%f" ;;
        esac
      fi
      _JIT_MARK+="${_JIT_MARK:+, }$_jit_item"
    done
    _JIT_MARK="[$_JIT_MARK] "
  fi
  if [[ -n $_jit_before && $PROMPT == *"$_jit_before"* ]]; then
    [[ $_JIT_MARK != "$_jit_before" ]] || return 0
    _jit_before=${PROMPT/"$_jit_before"/$_JIT_MARK}
  elif [[ -n $_JIT_MARK && $PROMPT != *"$_JIT_MARK"* ]]; then
    _jit_before=$_JIT_MARK$PROMPT
  else
    return 0
  fi
  [[ ${(t)PROMPT} == *readonly* ]] || PROMPT=$_jit_before
}

# _jit_flush: prints the messages that wait.
_jit_flush() {
  (( ${#_JIT_MESSAGES} )) || return 0
  print -rl -u2 -- $_JIT_MESSAGES
  _JIT_MESSAGES=()
}

# _jit_regain: the user's files may have set what the grant sets, or what it needs not to be set; programs would then act
# as somebody else. jit hands it over twice: JIT_GIVEN and JIT_TAKEN are names, JIT_GIVEN_<NAME> are values. Once is
# enough: what the user sets later is meant.
_jit_regain() {
  setopt localoptions extendedglob no_xtrace # values would be shown
  local _jit_one _jit_copy
  local -a _jit_again _jit_stuck
  _JIT_GAVE=1
  for _jit_one in ${(s: :)JIT_GIVEN}; do
    [[ $_jit_one == [A-Za-z_][A-Za-z0-9_]# ]] || continue
    _jit_copy=JIT_GIVEN_$_jit_one
    if [[ -z ${(Pt)_jit_copy} ]]; then # a secret; the grant has ended meanwhile
      _jit_take $_jit_one
    elif ! _jit_is_given $_jit_one "${(P)_jit_copy}"; then
      _jit_give $_jit_one "${(P)_jit_copy}" && _jit_again+=($_jit_one) || _jit_stuck+=($_jit_one)
    fi
  done
  for _jit_one in ${(s: :)JIT_TAKEN}; do
    [[ $_jit_one == [A-Za-z_][A-Za-z0-9_]# && -n ${(Pt)_jit_one} ]] || continue
    _jit_take $_jit_one
    _jit_again+=($_jit_one)
  done
  for _jit_one in ${(k)parameters[(I)JIT_(GIVEN(|_*)|TAKEN)]}; do
    _jit_take $_jit_one
  done
  case ${#_jit_again} in
    0) ;;
    1) _JIT_MESSAGES+=("jit: your start files set $_jit_again; it is again as the grant gave it") ;;
    *) _JIT_MESSAGES+=("jit: your start files set ${(j:, :)_jit_again}; they are again as the grant gave them") ;;
  esac
  (( ! ${#_jit_stuck} )) ||
    _JIT_MESSAGES+=("jit: warning: your start files make ${(j:, :)_jit_stuck} readonly; programs do not get what the grant gave")
}

# _jit_is_given NAME VALUE: whether programs get just that.
_jit_is_given() { [[ ${(Pt)1} == (scalar|integer|float)*export* && ${(P)1} == "$2" ]] }

# _jit_give NAME VALUE: fails where programs get something else after all.
_jit_give() {
  if [[ ${(Pt)1} == *readonly* ]]; then
    typeset -gx $1
  else
    unset $1 # or an integer evaluated the value
    export "$1=$2"
  fi
  _jit_is_given $1 "$2"
}

# _jit_precmd: before each prompt; zsh keeps $? by itself. The first one tells jit, through the file JIT_READY, that the hook runs.
_jit_precmd() {
  # The common case, before anything that takes time: nothing is active, and nothing was.
  if [[ -z ${JIT_GRANT_ID-}${JIT_PROMPT-}${_JIT_MARK-}${JIT_READY-} && ! -e $_JIT_STATE ]] &&
    [[ -n ${_JIT_GAVE-} && -n ${_JIT_ADOPTED-} ]]; then
    return 0
  fi
  emulate -L zsh -o no_err_exit -o no_err_return
  [[ -n $_JIT_GAVE ]] || _jit_regain
  [[ -n $_JIT_ADOPTED ]] || _jit_adopt
  _jit_update
  _jit_flush
  if [[ -n $JIT_READY && $JIT_READY != $_JIT_READY ]]; then
    typeset -g _JIT_READY=$JIT_READY
    { [[ -s $JIT_READY ]] || : >|$JIT_READY } 2>/dev/null # never a file that holds something
    _jit_unset JIT_READY
  fi
  return 0
}

# _jit_preexec: before each command, in case no signal came: no command starts with the secrets of a dead grant.
_jit_preexec() {
  emulate -L zsh -o no_err_exit -o no_err_return
  [[ $JIT_GRANT_STATE == active ]] || return 0
  _jit_refresh
  _jit_flush
  return 0
}

# jit says with SIGURG that the grant has changed. In this order, or reset-prompt overwrites the message.
TRAPURG() {
  emulate -L zsh -o no_err_exit -o no_err_return
  # Whoever gives the grant back is not told that it has ended.
  [[ -z ${_jit_leaving-} ]] || return 0
  if [[ -n ${_jit_looking-} ]]; then
    _jit_again=1
    return 0
  fi
  _jit_update
  if zle; then
    zle reset-prompt
    (( ${#_JIT_MESSAGES} )) && zle -I
  fi
  _jit_flush
  return 0
}

# _jit_adopt: powerlevel10k rewrites PROMPT after every other hook, so there the segment is one of its own. Done at the
# first prompt, when all files of the user have been read.
_jit_adopt() {
  typeset -g _JIT_ADOPTED=1
  (( ${+functions[p10k]} )) || return 0
  [[ " $POWERLEVEL9K_LEFT_PROMPT_ELEMENTS $POWERLEVEL9K_RIGHT_PROMPT_ELEMENTS " != *' jit '* ]] || return 0
  _JIT_OWN_SEGMENT=1
  # The theme's own, where the user has set none.
  (( ${+POWERLEVEL9K_LEFT_PROMPT_ELEMENTS} )) || typeset -ga POWERLEVEL9K_LEFT_PROMPT_ELEMENTS=(context dir vcs)
  typeset -ga POWERLEVEL9K_LEFT_PROMPT_ELEMENTS=(jit $POWERLEVEL9K_LEFT_PROMPT_ELEMENTS)
  p10k reload
}

# prompt_jit: what powerlevel10k calls for the element "jit".
prompt_jit() {
  emulate -L zsh
  local -i _jit_i
  for (( _jit_i = 1; _jit_i <= ${#_JIT_TEXTS}; _jit_i++ )); do
    case $_JIT_COLOURS[_jit_i] in
      alarm) p10k segment -b red -f white -t $_JIT_TEXTS[_jit_i] ;;
      *) p10k segment -f "${_JIT_COLOURS[_jit_i]#bold }" -t $_JIT_TEXTS[_jit_i] ;;
    esac
  done
}

_jit_find_state
autoload -Uz add-zsh-hook && {
  add-zsh-hook precmd _jit_precmd
  add-zsh-hook preexec _jit_preexec
}

[[ $_JIT_OPTIONS != *aliases* ]] || setopt aliases
[[ $_JIT_OPTIONS != *sh_glob* ]] || setopt sh_glob
[[ $_JIT_OPTIONS != *ignore_braces* ]] || setopt ignore_braces
true
