# "jit use" and "jit drop" in this shell, for zsh >= 5.1: the part of jit that no program can do from outside.
# jit answers with records, one a line: "drop", "unset NAME", "set NAME=VALUE". They are parsed; nothing is evaluated,
# typed into the history, written to a file, or shown by "setopt xtrace".
#
# _JIT_USED        the grant in use
# _JIT_SET_NAMES   the variables that it has changed
# _JIT_HAD         what each was before: "e<value>" exported, "s<value>" not exported, "u" unset
# _JIT_LOST        those of which it is not known: exec has replaced the shell that knew

# How the user's files let zsh read this: what their aliases and options made of it would be part of the functions.
typeset -g _JIT_OPTIONS=
[[ ! -o aliases ]] || _JIT_OPTIONS+=' aliases'
[[ ! -o sh_glob ]] || _JIT_OPTIONS+=' sh_glob'
[[ ! -o ignore_braces ]] || _JIT_OPTIONS+=' ignore_braces'
setopt no_aliases no_sh_glob no_ignore_braces

typeset -g _JIT_USED=
typeset -ga _JIT_SET_NAMES=() # not as it may be inherited
typeset -gA _JIT_HAD=()
typeset -g _JIT_LOST=

jit() {
  emulate -L zsh
  # Values would be shown by xtrace, and old ones exported by allexport.
  setopt unset noxtrace noverbose noerrexit noerrreturn noallexport
  local word skip= verb=
  local -i at=0
  for word in "$@"; do
    (( at += 1 ))
    if [[ -n $skip ]]; then
      skip=
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
  (( ${argv[(I)(--help|-h|--version)]} )) && verb=
  if [[ $verb == use ]] && (( ZSH_SUBSHELL )); then
    # What it is set in is gone at once, and the grant would go on until this shell ends.
    print -ru2 -- 'jit: error: "jit use" in a pipe or a subshell is lost with it; type it on its own'
    return 2
  fi
  case $verb in
    use|drop) _jit_use_verb $verb "${(@)argv[1,at-1]}" --records --shell-pid=$$ "${(@)argv[at+1,-1]}" ;;
    *) command jit "$@" ;;
  esac
}

# _jit_use_verb use|drop WORD...: the words are those for jit, without the verb.
_jit_use_verb() {
  emulate -L zsh
  local verb=$1 records old=$_JIT_USED state=$JIT_GRANT_STATE grant
  local -i code
  shift
  if [[ $verb == drop ]]; then
    local _jit_leaving=1 # for the hook: jit wakes this shell while it still has the variables
    records=$(command jit drop ${old:+--grant=$old} "$@")
    code=$?
    # Whatever jit could do about the grant: the old values are here and nowhere else.
    _jit_use_restore
    if [[ -n $_JIT_LOST ]]; then
      print -ru2 -- "jit: exec has replaced the shell that used this grant, and what it had before is forgotten; unset now: $_JIT_LOST"
    fi
    _JIT_LOST=
    return code
  fi
  # jit is to see the variables as they are without the grant in use. In the parentheses is a copy of the shell.
  records=$(
    _jit_use_restore
    command jit use "$@"
  ) || return
  if ! _jit_use_check "$records"; then
    grant=${records#*$'\n'set JIT_GRANT_ID=}
    _jit_use_give_back "${grant%%$'\n'*}"
    return 1
  fi
  _jit_use_apply "$records"
  _JIT_USED=$JIT_GRANT_ID
  [[ -z $old || $state != active ]] || _jit_use_give_back $old
  return 0
}

_jit_use_give_back() {
  emulate -L zsh
  command jit drop --records --shell-pid=$$ --grant=$1 >/dev/null
}

# _jit_use_check RECORDS: whether this shell may and can change every variable that they name. Tells which not.
_jit_use_check() {
  emulate -L zsh
  local line name
  for line in "${(@f)1}"; do
    case $line in
      drop) continue ;;
      'set '*=*) name=${${line#set }%%=*} ;;
      'unset '*) name=${line#unset } ;;
      *)
        print -ru2 -- 'jit: error: what jit answers is not understood; open a new shell after "jit shell-init"'
        return 1
        ;;
    esac
    if ! _jit_use_may_set $name; then
      print -ru2 -- 'jit: error: refused to change a variable that decides how this shell works'
      return 1
    fi
    case ${(tP)name} in
      ''|scalar|scalar-export) ;;
      *)
        print -ru2 -- "jit: error: \"$name\" is declared in this shell (readonly, an array, …) so that it cannot be used"
        return 1
        ;;
    esac
  done
}

# The second line of defence: jit does not send these names.
_jit_use_may_set() {
  emulate -L zsh
  case $1 in
    # Spelled out, because the meaning of [A-Z] depends on the locale.
    ''|[0123456789_]*|*[^ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_]*) return 1 ;;
    PATH|HOME|IFS|ENV|SHELL|TERM|SHLVL|PWD|OLDPWD|UID|EUID|PPID|CDPATH|FPATH|MANPATH) return 1 ;;
    ZDOTDIR|RPROMPT|PSVAR|SHELLOPTS|GLOBIGNORE|NODE_OPTIONS|EDITOR|VISUAL|PAGER) return 1 ;;
    LD_*|DYLD_*|BASH*|PS[0123456789]*|PROMPT*|PYTHON*|PERL*|RUBY*|GIT_SSH*|GIT_EXEC*) return 1 ;;
  esac
  return 0
}

# _jit_use_apply RECORDS: does what they say. They have been checked.
_jit_use_apply() {
  emulate -L zsh
  local line name
  for line in "${(@f)1}"; do
    case $line in
      drop) _jit_use_restore ;;
      'unset '*)
        name=${line#unset }
        _jit_use_keep $name
        unset $name
        ;;
      'set '*)
        name=${${line#set }%%=*}
        _jit_use_keep $name
        typeset -gx $name
        : ${(P)name::=${line#*=}}
        ;;
    esac
  done
}

# _jit_use_keep NAME: remembers what it is, once.
_jit_use_keep() {
  emulate -L zsh
  (( ${_JIT_SET_NAMES[(Ie)$1]} )) && return 0
  case ${(tP)1} in
    '') _JIT_HAD[$1]=u ;;
    *export*) _JIT_HAD[$1]=e${(P)1} ;;
    *) _JIT_HAD[$1]=s${(P)1} ;;
  esac
  _JIT_SET_NAMES+=($1)
}

# _jit_use_restore: every variable is again what it was before.
_jit_use_restore() {
  emulate -L zsh
  local name had
  for name in $_JIT_SET_NAMES; do
    had=$_JIT_HAD[$name]
    unset $name
    case $had in
      e*)
        typeset -gx $name
        : ${(P)name::=${had#e}}
        ;;
      s*)
        typeset -g $name
        : ${(P)name::=${had#s}}
        ;;
    esac
  done
  _JIT_SET_NAMES=() _JIT_HAD=() _JIT_USED=
}

# _jit_use_take_over: a shell that exec has put in the place of one with a grant in use is the same process, with the same
# variables: the grant is in use here.
_jit_use_take_over() {
  emulate -L zsh
  local name
  [[ $JIT_USE == 1 && $JIT_USE_PID == $$ && -n $JIT_GRANT_ID ]] || return 0
  _JIT_USED=$JIT_GRANT_ID
  _JIT_SET_NAMES=(JIT_GRANT_ID JIT_TARGET JIT_ROLE JIT_RISK JIT_GRANT_EXP JIT_GRANT_STATE)
  _JIT_SET_NAMES+=(JIT_WARN JIT_NOTIFY JIT_EXTEND JIT_VARS JIT_DROP JIT_USE JIT_USE_PID)
  for name in ${(s: :)JIT_VARS}; do
    _jit_use_may_set $name || continue
    _JIT_SET_NAMES+=($name) _JIT_LOST+=${_JIT_LOST:+, }$name
  done
}
_jit_use_take_over

[[ $_JIT_OPTIONS != *aliases* ]] || setopt aliases
[[ $_JIT_OPTIONS != *sh_glob* ]] || setopt sh_glob
[[ $_JIT_OPTIONS != *ignore_braces* ]] || setopt ignore_braces
true
