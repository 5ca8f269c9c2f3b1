# "jit use" and "jit drop" in this shell, for fish >= 3.4: the part of jit that no program can do from outside.
# jit answers with records, one a line: "drop", "unset NAME", "set NAME=VALUE". They are parsed; nothing is evaluated,
# typed into the history, written to a file, or shown by fish_trace.
#
# _JIT_USED        the grant in use
# _JIT_SET_NAMES   the variables that it has changed
# _JIT_HAD_<NAME>  the value of each that was set before, _JIT_WAS_<NAME> whether that was "exported" or "plain"
# _JIT_LOST        those of which it is not known: exec has replaced the shell that knew

set -g _JIT_USED
set -g _JIT_SET_NAMES
set -g _JIT_LOST

string match -qr '^(3\.[0-3]|[0-2])\.' -- $version; and exit 0

# An alias of the user's is a function in fish: ours stands before it, and calls it for all that is not its own.
if functions -q jit
    functions -c jit _jit_users_jit
else
    function _jit_users_jit
        command jit $argv
    end
end

function jit --description 'just-in-time access'
    set -l at 0
    set -l skip
    set -l verb
    for word in $argv
        set at (math $at + 1)
        if set -q skip[1]
            set -e skip[1]
            continue
        end
        switch $word
            case --config # its value is no command
                set skip 1
            case '-*'
            case '*'
                set verb $word
                break
        end
    end
    if contains -- --help $argv; or contains -- -h $argv; or contains -- --version $argv
        set verb
    end
    if not contains -- "$verb" use drop
        _jit_users_jit $argv
        return
    end
    # Values would be shown. Exported, it holds in the functions below, too.
    set -lx fish_trace
    set -e argv[$at]
    _jit_use_verb $verb --records --shell-pid=$fish_pid $argv
end

# _jit_use_verb use|drop WORD...: the words are those for jit, without the verb.
function _jit_use_verb
    # An empty one would let command substitutions yield one string instead of lines.
    set -l IFS \n\ \t
    set -l verb $argv[1]
    set -e argv[1]
    set -l old $_JIT_USED
    set -l state "$JIT_GRANT_STATE"
    if test $verb = drop
        set -l grant
        test -n "$old"; and set grant --grant=$old
        set -g _JIT_LEAVING # for the hook: jit wakes this shell while it still has the variables
        set -l records (command jit drop $grant $argv)
        set -l code $status
        # Whatever jit could do about the grant: the old values are here and nowhere else.
        _jit_use_restore
        set -e -g _JIT_LEAVING
        set -q _JIT_LOST[1]
        and printf 'jit: exec has replaced the shell that used this grant, and what it had before is forgotten; unset now: %s\n' \
            (string join ', ' -- $_JIT_LOST) >&2
        set -g _JIT_LOST
        return $code
    end
    set -l records (_jit_use_ask $argv)
    or return $status
    if not _jit_use_check $records
        _jit_use_give_back (string match -r '^set JIT_GRANT_ID=(.*)' -- $records)[2]
        return 1
    end
    _jit_use_apply $records
    set -g _JIT_USED $JIT_GRANT_ID
    if test -n "$old" -a "$state" = active
        _jit_use_give_back $old
    end
    return 0
end

# _jit_use_ask WORD...: prints the records. jit is to see the variables as they are without the grant in use: those of
# this function stand before the global ones.
function _jit_use_ask
    for name in $_JIT_SET_NAMES
        set -l had _JIT_HAD_$name
        set -l was _JIT_WAS_$name
        if test "$$was" = exported
            set -fx $name $$had
        else
            set -fu $name
        end
    end
    command jit use $argv
end

function _jit_use_give_back
    command jit drop --records --shell-pid=$fish_pid --grant=$argv[1] >/dev/null
end

# _jit_use_check RECORD...: whether this shell may and can change every variable that they name. Tells which not.
function _jit_use_check
    set -l IFS \n\ \t
    for line in $argv
        test "$line" = drop; and continue
        set -l name (string match -r '^(?:set ([^=]*)=|unset (.*)$)' -- $line)[2..-1]
        if not set -q name[1]
            echo 'jit: error: what jit answers is not understood; open a new shell after "jit shell-init"' >&2
            return 1
        end
        if not _jit_use_may_set "$name[-1]"
            echo 'jit: error: refused to change a variable that decides how this shell works' >&2
            return 1
        end
        # Nothing covers it for the programs that are started: they would take another identity than that of the grant.
        if string match -q 'unset *' -- $line; and set -qUx $name[-1]
            echo "jit: error: \"$name[-1]\" is universal (set -Ux), and the grant needs it not to be set" >&2
            echo "jit: hint: set -e -U $name[-1]" >&2
            return 1
        end
    end
end

# The second line of defence: jit does not send these names.
function _jit_use_may_set
    string match -qr '^[A-Z][A-Z0-9_]*$' -- $argv[1]; or return 1
    switch $argv[1]
        case PATH HOME IFS ENV SHELL TERM SHLVL PWD OLDPWD UID EUID PPID CDPATH FPATH MANPATH
            return 1
        case ZDOTDIR RPROMPT PSVAR SHELLOPTS GLOBIGNORE NODE_OPTIONS EDITOR VISUAL PAGER
            return 1
        case 'LD_*' 'DYLD_*' 'BASH*' 'PROMPT*' 'PYTHON*' 'PERL*' 'RUBY*' 'GIT_SSH*' 'GIT_EXEC*'
            return 1
    end
    not string match -qr '^PS[0-9]' -- $argv[1]
end

# _jit_use_apply RECORD...: does what they say. They have been checked.
function _jit_use_apply
    set -l IFS \n\ \t
    for line in $argv
        switch $line
            case drop
                _jit_use_restore
            case 'unset *'
                set -l name (string replace -r '^unset ' '' -- $line)
                _jit_use_keep $name
                set -e -g $name
            case 'set *'
                set -l parts (string match -r '^set ([^=]*)=(.*)$' -- $line)
                _jit_use_keep $parts[2]
                set -gx $parts[2] $parts[3]
        end
    end
end

# _jit_use_keep NAME: remembers what it is, once. A universal variable is only covered by a global one.
function _jit_use_keep -a name
    contains -- $name $_JIT_SET_NAMES; and return 0
    if set -q -g $name
        set -g _JIT_HAD_$name $$name
        set -g _JIT_WAS_$name plain
        set -q -gx $name; and set -g _JIT_WAS_$name exported
    end
    set -g -a _JIT_SET_NAMES $name
end

# _jit_use_restore: every variable is again what it was before.
function _jit_use_restore
    for name in $_JIT_SET_NAMES
        set -l had _JIT_HAD_$name
        set -l was _JIT_WAS_$name
        set -e -g $name
        switch "$$was"
            case exported
                set -gx $name $$had
            case plain
                set -gu $name $$had
        end
        set -e -g $had
        set -e -g $was
    end
    set -g _JIT_SET_NAMES
    set -g _JIT_USED
end

# A shell that exec has put in the place of one with a grant in use is the same process, with the same variables: the
# grant is in use here.
if test "$JIT_USE $JIT_USE_PID" = "1 $fish_pid"; and test -n "$JIT_GRANT_ID"
    set -g _JIT_USED $JIT_GRANT_ID
    for name in (string split ' ' -- "$JIT_VARS")
        _jit_use_may_set $name; and set -g -a _JIT_LOST $name
    end
    set -g _JIT_SET_NAMES JIT_GRANT_ID JIT_TARGET JIT_ROLE JIT_RISK JIT_GRANT_EXP JIT_GRANT_STATE
    set -g -a _JIT_SET_NAMES JIT_WARN JIT_NOTIFY JIT_EXTEND JIT_VARS JIT_DROP JIT_USE JIT_USE_PID $_JIT_LOST
end
