# "jit use" and "jit drop" in this shell, for bash >= 3.2: the part of jit that no program can do from outside.
# jit answers with records, one a line: "drop", "unset NAME", "set NAME=VALUE". They are parsed; nothing is evaluated,
# typed into the history, written to a file, or shown by "set -x".
#
# _JIT_USED        the grant in use
# _JIT_SET_NAMES   the variables that it has changed
# _JIT_HAD_<NAME>  what each was before: "e<value>" exported, "s<value>" not exported, "x" exported without a value,
#                  "u" unset

_JIT_ALIASES=
if shopt -q expand_aliases; then _JIT_ALIASES=1; fi
shopt -u expand_aliases # or an alias of the user for "jit" or "local" became part of the functions below

jit() {
  local IFS=' ' word at=0 skip='' verb='' options=$- status=0
  for word in "$@"; do
    at=$((at + 1))
    if [[ -n $skip ]]; then
      skip=''
      continue
    fi
    case $word in
      --config) skip=1 ;; # its value is no command
      -*) ;;
      *)
        verb=$word
        break
        ;;
    esac
  done
  case " $* " in *' --help '* | *' -h '* | *' --version '*) verb='' ;; esac
  case $verb in
    use | drop) ;;
    *)
      command jit "$@"
      return
      ;;
  esac
  # Values would be shown by -x, and old ones exported by -a.
  { set +xa; } 2>/dev/null
  _jit_use_verb "$verb" "${@:1:at-1}" --records --shell-pid=$$ "${@:at+1}" || status=$?
  case $options in *a*) set -a ;; esac
  case $options in *x*) set -x ;; esac
  return $status
}

# _jit_use_verb use|drop WORD...: the words are those for jit, without the verb.
_jit_use_verb() {
  local IFS=' ' verb=$1 records status old=${_JIT_USED-} state=${JIT_GRANT_STATE-}
  shift
  if [[ $verb == drop ]]; then
    local _jit_leaving=1 # for the hook: jit wakes this shell while it still has the variables
    records=$(command jit drop ${old:+"--grant=$old"} "$@")
    status=$?
    # Whatever jit could do about the grant: the old values are here and nowhere else.
    _jit_use_restore
    return $status
  fi
  # jit is to see the variables as they are without the grant in use. In the parentheses is a copy of the shell.
  records=$(
    _jit_use_restore
    command jit use "$@"
  ) || return
  if ! _jit_use_check "$records"; then
    _jit_use_give_back "$(_jit_use_grant "$records")"
    return 1
  fi
  _jit_use_apply "$records"
  _JIT_USED=${JIT_GRANT_ID-}
  [[ -z $old || $state != active ]] || _jit_use_give_back "$old"
  return 0
}

_jit_use_give_back() {
  command jit drop --records --shell-pid=$$ "--grant=$1" >/dev/null
}

# _jit_use_grant RECORDS: prints the id of the grant in them.
_jit_use_grant() {
  local rest=$1
  rest=${rest#*$'\n'set JIT_GRANT_ID=}
  rest=${rest%%$'\n'*}
  printf '%s' "$rest"
}

# _jit_use_check RECORDS: whether this shell may and can change every variable that they name. Tells which not.
_jit_use_check() {
  local rest=$1 line name
  while [[ -n $rest ]]; do
    line=${rest%%$'\n'*}
    case $rest in *$'\n'*) rest=${rest#*$'\n'} ;; *) rest='' ;; esac
    case $line in
      drop) continue ;;
      'set '*=*) name=${line#set } name=${name%%=*} ;;
      'unset '*) name=${line#unset } ;;
      *)
        printf 'jit: error: what jit answers is not understood; open a new shell after "jit shell-init"\n' >&2
        return 1
        ;;
    esac
    if ! _jit_use_may_set "$name"; then
      printf 'jit: error: refused to change a variable that decides how this shell works\n' >&2
      return 1
    fi
    case $(_jit_use_flags "$name") in
      '' | - | x) ;;
      *)
        printf 'jit: error: "%s" is declared in this shell (readonly, an array, …) so that it cannot be used\n' "$name" >&2
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
  local shown
  shown=$(declare -p "$1" 2>/dev/null) || return 0
  shown=${shown#declare -}
  printf '%s' "${shown%%[ =]*}"
}

# _jit_use_apply RECORDS: does what they say. They have been checked.
_jit_use_apply() {
  local rest=$1 line name
  while [[ -n $rest ]]; do
    line=${rest%%$'\n'*}
    case $rest in *$'\n'*) rest=${rest#*$'\n'} ;; *) rest='' ;; esac
    case $line in
      drop) _jit_use_restore ;;
      'unset '*)
        _jit_use_keep "${line#unset }"
        unset -v "${line#unset }"
        ;;
      'set '*)
        line=${line#set } name=${line%%=*}
        _jit_use_keep "$name"
        export "$name=${line#*=}"
        ;;
    esac
  done
}

# _jit_use_keep NAME: remembers what it is, once.
_jit_use_keep() {
  local kept=u flags
  case " ${_JIT_SET_NAMES-} " in *" $1 "*) return 0 ;; esac
  flags=$(_jit_use_flags "$1")
  if [[ -n ${!1+set} ]]; then
    if [[ $flags == x ]]; then kept=e${!1}; else kept=s${!1}; fi
  elif [[ $flags == x ]]; then
    kept=x
  fi
  printf -v "_JIT_HAD_$1" %s "$kept"
  _JIT_SET_NAMES=${_JIT_SET_NAMES-}${_JIT_SET_NAMES:+ }$1
}

# _jit_use_restore: every variable is again what it was before.
_jit_use_restore() {
  local IFS=' ' name had
  for name in ${_JIT_SET_NAMES-}; do
    had=_JIT_HAD_$name
    had=${!had-u}
    unset -v "$name" "_JIT_HAD_$name"
    case $had in
      e*) export "$name=${had#e}" ;;
      s*) printf -v "$name" %s "${had#s}" ;;
      x) export "$name" ;;
    esac
  done
  _JIT_SET_NAMES='' _JIT_USED=''
}

if [[ -n $_JIT_ALIASES ]]; then shopt -s expand_aliases; fi
