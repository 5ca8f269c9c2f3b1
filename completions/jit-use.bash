# "jit use" and "jit drop" in this shell, for bash >= 3.2: the part of jit that no program can do from outside.
# jit answers with records, one a line: "drop", "unset NAME", "set NAME=VALUE". They are parsed; nothing is evaluated,
# typed into the history, written to a file, or shown by "set -x". Locals start with _jit_: one that the user has made
# readonly would abort it between the grant and its use.
#
# _JIT_USED        the grant in use
# _JIT_SET_NAMES   the variables that it has changed
# _JIT_HAD_<NAME>  what each was before: "e<value>" exported, "s<value>" not exported, "x" exported without a value,
#                  "u" unset
# _JIT_LOST        those of which it is not known: exec has replaced the shell that knew

_JIT_USED='' _JIT_SET_NAMES='' _JIT_LOST='' # not as they may be inherited
export -n _JIT_USED _JIT_SET_NAMES _JIT_LOST

_JIT_ALIASES=
if shopt -q expand_aliases; then _JIT_ALIASES=1; fi
shopt -u expand_aliases # or an alias of the user for "jit" or "local" became part of the functions below

jit() {
  local IFS=' ' 2>/dev/null || : # readonly: then it is not to be helped
  local _jit_word _jit_at=0 _jit_skip='' _jit_verb='' _jit_options=$- _jit_status=0
  for _jit_word in "$@"; do
    _jit_at=$((_jit_at + 1))
    if [[ -n $_jit_skip ]]; then
      _jit_skip=''
      continue
    fi
    case $_jit_word in
      --config) _jit_skip=1 ;; # its value is no command
      -*) ;;
      *)
        _jit_verb=$_jit_word
        break
        ;;
    esac
  done
  for _jit_word in "$@"; do
    case $_jit_word in --help | -h | --version) _jit_verb='' ;; esac
  done
  case $_jit_verb in
    use | drop) ;;
    *)
      command jit "$@"
      return
      ;;
  esac
  if [[ $_jit_verb == use ]] && ((BASH_SUBSHELL)); then
    # What it is set in is gone at once, and the grant would go on until this shell ends.
    printf 'jit: error: "jit use" in a pipe or a subshell is lost with it; type it on its own\n' >&2
    return 2
  fi
  # Values would be shown by -x, and old ones exported by -a. After Ctrl-C only bash >= 4.4 can turn them on again.
  { local - || :; set +xa; } 2>/dev/null
  _jit_use_verb "$_jit_verb" "${@:1:_jit_at-1}" --records --shell-pid=$$ "${@:_jit_at+1}" || _jit_status=$?
  case $_jit_options in *a*) set -a ;; esac
  case $_jit_options in *x*) set -x ;; esac
  return $_jit_status
}

# _jit_use_verb use|drop WORD...: the words are those for jit, without the verb.
_jit_use_verb() {
  local _jit_verb=$1 _jit_records _jit_status _jit_old=${_JIT_USED-} _jit_state=${JIT_GRANT_STATE-}
  shift
  if [[ $_jit_verb == drop ]]; then
    local _jit_leaving=1 # for the hook: jit wakes this shell while it still has the variables
    _jit_records=$(command jit drop ${_jit_old:+"--grant=$_jit_old"} "$@")
    _jit_status=$?
    # Whatever jit could do about the grant: the old values are here and nowhere else.
    _jit_use_restore
    if [[ -n $_JIT_LOST ]]; then
      printf 'jit: exec has replaced the shell that used this grant, and what it had before is forgotten; unset now: %s\n' \
        "$_JIT_LOST" >&2
    fi
    _JIT_LOST=''
    return $_jit_status
  fi
  # jit is to see the variables as they are without the grant in use. In the parentheses is a copy of the shell.
  _jit_records=$(
    _jit_use_restore
    command jit use "$@"
  ) || return
  if ! _jit_use_check "$_jit_records"; then
    _jit_use_give_back "$(_jit_use_grant "$_jit_records")"
    return 1
  fi
  _jit_use_apply "$_jit_records"
  _JIT_USED=${JIT_GRANT_ID-}
  [[ -z $_jit_old || $_jit_state != active ]] || _jit_use_give_back "$_jit_old"
  return 0
}

_jit_use_give_back() {
  command jit drop --records --shell-pid=$$ "--grant=$1" >/dev/null
}

# _jit_use_grant RECORDS: prints the id of the grant in them.
_jit_use_grant() {
  local _jit_rest=$1
  _jit_rest=${_jit_rest#*$'\n'set JIT_GRANT_ID=}
  _jit_rest=${_jit_rest%%$'\n'*}
  printf '%s' "$_jit_rest"
}

# _jit_use_check RECORDS: whether this shell may and can change every variable that they name. Tells which not.
_jit_use_check() {
  local _jit_rest=$1 _jit_line _jit_name
  while [[ -n $_jit_rest ]]; do
    _jit_line=${_jit_rest%%$'\n'*}
    case $_jit_rest in *$'\n'*) _jit_rest=${_jit_rest#*$'\n'} ;; *) _jit_rest='' ;; esac
    case $_jit_line in
      drop) continue ;;
      'set '*=*) _jit_name=${_jit_line#set } _jit_name=${_jit_name%%=*} ;;
      'unset '*) _jit_name=${_jit_line#unset } ;;
      *)
        printf 'jit: error: what jit answers is not understood; open a new shell after "jit shell-init"\n' >&2
        return 1
        ;;
    esac
    if ! _jit_use_may_set "$_jit_name"; then
      printf 'jit: error: refused to change a variable that decides how this shell works\n' >&2
      return 1
    fi
    case $(_jit_use_flags "$_jit_name") in
      '' | - | x) ;;
      *)
        printf 'jit: error: "%s" is declared in this shell (readonly, an array, …) so that it cannot be used\n' "$_jit_name" >&2
        return 1
        ;;
    esac
  done
}

# The second line of defence: jit does not send these names.
_jit_use_may_set() {
  case $1 in
    # Spelled out, because the meaning of [A-Z] depends on the locale.
    '' | [0123456789_]* | *[!ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_]*) return 1 ;;
    PATH | HOME | IFS | ENV | SHELL | TERM | SHLVL | PWD | OLDPWD | UID | EUID | PPID | CDPATH | FPATH | MANPATH) return 1 ;;
    ZDOTDIR | RPROMPT | PSVAR | SHELLOPTS | GLOBIGNORE | NODE_OPTIONS | EDITOR | VISUAL | PAGER) return 1 ;;
    LD_* | DYLD_* | BASH* | PS[0123456789]* | PROMPT* | PYTHON* | PERL* | RUBY* | GIT_SSH* | GIT_EXEC*) return 1 ;;
  esac
}

# _jit_use_flags NAME: prints the letters by which it is declared: "-" for none, nothing when it is not there.
_jit_use_flags() {
  local _jit_shown
  _jit_shown=$(declare -p "$1" 2>/dev/null) || return 0
  _jit_shown=${_jit_shown#declare -}
  printf '%s' "${_jit_shown%%[ =]*}"
}

# _jit_use_apply RECORDS: does what they say. They have been checked.
_jit_use_apply() {
  local _jit_rest=$1 _jit_line _jit_name
  while [[ -n $_jit_rest ]]; do
    _jit_line=${_jit_rest%%$'\n'*}
    case $_jit_rest in *$'\n'*) _jit_rest=${_jit_rest#*$'\n'} ;; *) _jit_rest='' ;; esac
    case $_jit_line in
      drop) _jit_use_restore ;;
      'unset '*)
        _jit_use_keep "${_jit_line#unset }"
        unset -v "${_jit_line#unset }"
        ;;
      'set '*)
        _jit_line=${_jit_line#set } _jit_name=${_jit_line%%=*}
        _jit_use_keep "$_jit_name"
        export "$_jit_name=${_jit_line#*=}"
        ;;
    esac
  done
}

# _jit_use_keep NAME: remembers what it is, once.
_jit_use_keep() {
  local _jit_kept=u _jit_flags
  case " ${_JIT_SET_NAMES-} " in *" $1 "*) return 0 ;; esac
  _jit_flags=$(_jit_use_flags "$1")
  if [[ -n ${!1+set} ]]; then
    if [[ $_jit_flags == x ]]; then _jit_kept=e${!1}; else _jit_kept=s${!1}; fi
  elif [[ $_jit_flags == x ]]; then
    _jit_kept=x
  fi
  printf -v "_JIT_HAD_$1" %s "$_jit_kept"
  _JIT_SET_NAMES=${_JIT_SET_NAMES-}${_JIT_SET_NAMES:+ }$1
}

# _jit_use_restore: every variable is again what it was before.
_jit_use_restore() {
  local _jit_rest="${_JIT_SET_NAMES:+$_JIT_SET_NAMES }" _jit_name _jit_had
  while [[ -n $_jit_rest ]]; do
    _jit_name=${_jit_rest%% *} _jit_rest=${_jit_rest#* }
    _jit_had=_JIT_HAD_$_jit_name
    _jit_had=${!_jit_had-u}
    unset -v "$_jit_name" "_JIT_HAD_$_jit_name"
    case $_jit_had in
      e*) export "$_jit_name=${_jit_had#e}" ;;
      s*) printf -v "$_jit_name" %s "${_jit_had#s}" ;;
      x) export "$_jit_name" ;;
    esac
  done
  _JIT_SET_NAMES='' _JIT_USED=''
}

# _jit_use_take_over: a shell that exec has put in the place of one with a grant in use is the same process, with the same
# variables: the grant is in use here.
_jit_use_take_over() {
  local _jit_rest="${JIT_VARS-} " _jit_name
  [[ ${JIT_USE-} == 1 && ${JIT_USE_PID-} == "$$" && -n ${JIT_GRANT_ID-} ]] || return 0
  _JIT_USED=$JIT_GRANT_ID
  _JIT_SET_NAMES='JIT_GRANT_ID JIT_TARGET JIT_ROLE JIT_RISK JIT_GRANT_EXP JIT_GRANT_STATE'
  _JIT_SET_NAMES+=' JIT_WARN JIT_NOTIFY JIT_EXTEND JIT_VARS JIT_DROP JIT_USE JIT_USE_PID'
  while [[ -n $_jit_rest ]]; do
    _jit_name=${_jit_rest%% *} _jit_rest=${_jit_rest#* }
    _jit_use_may_set "$_jit_name" || continue
    unset -v "_JIT_HAD_$_jit_name"
    _JIT_SET_NAMES+=" $_jit_name" _JIT_LOST+=${_JIT_LOST:+, }$_jit_name
  done
}
_jit_use_take_over

if [[ -n $_JIT_ALIASES ]]; then shopt -s expand_aliases; fi
