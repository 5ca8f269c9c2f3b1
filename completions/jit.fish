# The prompt hook of jit for fish >= 3.1: shows the active grants and their time left, and drops the secrets of this
# shell's own grant when it ends. Builtins only, no fork per prompt (from fish 3.5 on). The prompt-state file is data
# from outside: it is checked, and never evaluated. Its lines:
#   <end, epoch seconds> <grant id> <target> <role> <low|medium|high> <active|overdue>
# Others may call: _jit_check (look again), _jit_now (prints the time in epoch seconds).

status is-interactive; and not set -q _JIT_LOADED; or exit 0

set -g _JIT_LOADED 1
set -g _JIT_SEG '' # what the prompt shows, with colours
set -g _JIT_TEXT '' # the same for JIT_PROMPT
set -g _JIT_OWN '' # id of the grant that _JIT_END and _JIT_WARNINGS are about
set -g _JIT_END 0 # its end, as last seen: a later one is an extension
set -g _JIT_WARNINGS # how many seconds before that end to warn, longest first
set -g _JIT_TOLD 0 # how many of the warnings have been given
set -g _JIT_STARTED 0 # when the grant of this shell was handed out
set -g _JIT_ENDED '' # id of the grant that has ended in this shell
set -g _JIT_KEY - # what the last look was made from; it holds from _JIT_SINCE until _JIT_NEXT
set -g _JIT_SINCE 0
set -g _JIT_NEXT 0
set -g _JIT_AGE 0 # the same two times as _jit_age tells them
set -g _JIT_DUE 0
set -g _JIT_USUAL # when to warn of the grants of other shells
set -g _JIT_COLOUR_low (set_color green)
set -g _JIT_COLOUR_medium (set_color cyan)
set -g _JIT_COLOUR_high (set_color -o magenta)
set -g _JIT_COLOUR_soon (set_color yellow)
set -g _JIT_COLOUR_last (set_color -o red)
set -g _JIT_COLOUR_overdue (set_color -b red white)
set -g _JIT_COLOUR_ended (set_color red)
set -g _JIT_COLOUR_none (set_color normal)
set -g _JIT_NAME '[A-Za-z0-9._/@:+-]{1,40}'
set -g _JIT_LINE "^(?=.{1,200}\$)0*([0-9]{1,11}) ([^ ]+) ($_JIT_NAME) ($_JIT_NAME)(?: (low|medium|high) (active|overdue)(?: .*)?)?\$"
string match -qr '^[0-9]{1,11}$' -- "$JIT_NOW"; and set -g _JIT_STARTED $JIT_NOW
set -e JIT_NOW

# _jit_find_state: sets _JIT_STATE, the file of the broker: as told, or where the broker of this user keeps it.
function _jit_find_state
    set -l folder $HOME/.local/state/jit/run
    # fish does not tell the system without a fork.
    test -d "$HOME/Library/Application Support/jit"; and set folder "$HOME/Library/Application Support/jit/run"
    string match -q '/*' -- "$XDG_STATE_HOME"; and set folder $XDG_STATE_HOME/jit/run
    string match -q '/*' -- "$XDG_RUNTIME_DIR"; and set folder $XDG_RUNTIME_DIR/jit
    string match -q '/*' -- "$JIT_STATE_DIR"; and set folder $JIT_STATE_DIR/run
    set -q _JIT_STATE; or set -g _JIT_STATE $folder/prompt
    test -n "$JIT_STATE_FILE"; and set -g _JIT_STATE $JIT_STATE_FILE
end
_jit_find_state

# fish has no variable for the time, but mtime + age of any file is now.
if builtin -q path
    function _jit_now
        math (path mtime /dev/null) + (path mtime -R /dev/null)
    end
    # _jit_age: prints what grows with the time; enough to see that nothing is due yet, for a third of the price.
    function _jit_age
        path mtime -R /dev/null
    end
else
    function _jit_now
        command date +%s
    end
    function _jit_age
        _jit_now
    end
end

# _jit_scale SECONDS: prints when to warn in a grant of that length: as JIT_WARN says, or all of it shortened by the
# same factor in a grant less than twice as long as the first warning, without those under 5 seconds. The rule is the
# broker's (warningsFor); here it is rounded up, so that a warning is due when the broker says so.
function _jit_scale -a whole
    set -l warn '300 60'
    set -q JIT_WARN; and set warn $JIT_WARN
    set -l twice
    for one in (string split ' ' -- "$warn")
        string match -qr '^[0-9]{1,7}$' -- $one; or continue
        set -q twice[1]; or set twice (math 2 '*' $one)
        if test $whole -lt $twice
            test (math $one '*' $whole) -ge (math 5 '*' $twice); or continue
            set one (math -s0 "($one * $whole + $twice - 1) / $twice")
        end
        test $one -lt 5; or echo $one
    end
end

# _jit_add TEXT [COLOUR]: one more thing to show.
function _jit_add -a text colour
    test -n "$_JIT_TEXT"; and set -g _JIT_TEXT "$_JIT_TEXT, $text"; or set -g _JIT_TEXT $text
    if test -n "$colour" -a -z "$NO_COLOR" -a "$TERM" != dumb
        set -l code _JIT_COLOUR_$colour
        set text "$$code$text$_JIT_COLOUR_none"
    end
    test -n "$_JIT_SEG"; and set -g _JIT_SEG "$_JIT_SEG, $text"; or set -g _JIT_SEG $text
end

# _jit_until TIME: what is shown holds no longer than that.
function _jit_until -a time
    test $time -ge $_JIT_NEXT; or set -g _JIT_NEXT $time
end

# _jit_show END NAME RISK STATE WARNING…: adds a grant. Sets the caller's due, one word for each of the warnings that
# are due, and left, how long it still is: "1h5m"-like text, whole minutes rounded up.
# Written for speed: every command substitution is dear.
function _jit_show --no-scope-shadowing
    set -l text $argv[2]
    test $argv[3] = high; and set text $text!
    if test $argv[4] = overdue
        _jit_add "$text OVERDUE" overdue
        return 0
    end
    set -l seconds (math $argv[1] - $_JIT_SINCE)
    if test $seconds -gt 60
        if test $seconds -ge 3600
            set -l minutes (math -s0 $seconds / 60)
            set left (math -s0 $minutes / 60)h(math $minutes % 60)m
            _jit_until (math "$argv[1] - 60 * $minutes + 1")
        else
            set -l minutes (math -s0 "($seconds + 59) / 60")
            set left {$minutes}m
            _jit_until (math "$argv[1] - 60 * ($minutes - 1)")
        end
    else
        set left {$seconds}s
        _jit_until (math $_JIT_SINCE + 1)
    end
    set due
    set -l colour $argv[3]
    for one in $argv[5..-1]
        if test $seconds -gt $one
            _jit_until (math $argv[1] - $one)
            test $colour = last; and set colour soon # some are due, this one is not
            break
        end
        set -a due x
        set colour last
    end
    _jit_add "$text $left" $colour
end

# _jit_own_name: prints what this shell was started for, as it was told then.
function _jit_own_name
    set -l name $JIT_TARGET
    test -n "$JIT_ROLE"; and set name $name:$JIT_ROLE
    string sub -l 81 -- (string replace -ra '[^A-Za-z0-9._/@:+-]' _ -- "$name")
end

# _jit_drop: the grant is over. Only secrets go: what leads to an endpoint or a file that is gone stays, so that
# programs fail instead of finding another identity.
function _jit_drop
    for name in (string split ' ' -- "$JIT_DROP")
        string match -qr '^[A-Za-z_][A-Za-z0-9_]*$' -- $name; or continue
        set -e -g $name
        set -e -g JIT_GIVEN_$name
        set -qUx $name; and set -gx $name '' # is another identity; one that is not exported would not cover it
    end
    set -l way '"exit"'
    if test "$JIT_USE" = 1
        set way '"jit drop"'
        # A shell inside of the one that uses the grant.
        contains -- "$JIT_USE_PID" '' $fish_pid; or set way '"exit" and then "jit drop"'
    end
    printf '\njit: %s has ended; what needs it fails in this shell. Type %s to leave.\n' (_jit_own_name) $way >&2
    set -e -g JIT_DROP
    set -e -g JIT_EXTEND
    set -e -g JIT_GRANT_EXP
    set -gx JIT_GRANT_STATE ended
    set -g _JIT_ENDED $JIT_GRANT_ID
end

# _jit_live: decides whether this shell's grant, active so far, still is. If not, its secrets go.
function _jit_live --no-scope-shadowing
    test "$own[4]" = active; and return 0
    if set -q own[1]; or set -q _JIT_TOLD_BY_FILE; or not string match -qr '^[0-9]{1,11}$' -- "$JIT_GRANT_EXP"
        _jit_drop
    else if test $JIT_GRANT_EXP -le $_JIT_SINCE
        _jit_drop
    else # no file of the broker: what this shell was told last holds
        set own $JIT_GRANT_EXP (_jit_own_name) medium active
        contains -- "$JIT_RISK" low high; and set own[3] $JIT_RISK
    end
end

# _jit_follow END: makes the warnings of this shell's grant, anew when it is another one or has been extended.
function _jit_follow -a end
    if test "$_JIT_OWN" != "$JIT_GRANT_ID" -o $end -gt $_JIT_END
        test $_JIT_STARTED -gt 0; or set -g _JIT_STARTED $_JIT_SINCE
        set -g _JIT_WARNINGS (_jit_scale (math $end - $_JIT_STARTED))
        set -g _JIT_OWN $JIT_GRANT_ID
        set -g _JIT_TOLD 0
        set -g _JIT_STARTED 0
        test "$JIT_GRANT_EXP" = $end; or set -gx JIT_GRANT_EXP $end
    end
    set -g _JIT_END $end
end

# _jit_warn NAME LEFT LEVEL: gives the warning that is due, once.
function _jit_warn -a name left level
    test $level -gt $_JIT_TOLD; or return 0
    set -g _JIT_TOLD $level
    set -l more ''
    set -l bell ''
    if test $level -eq (count $_JIT_WARNINGS)
        set more ' - finish up.'
        string match -qr '^[A-Za-z0-9.]+$' -- "$JIT_EXTEND"
        and set more " - \"jit extend --for $JIT_EXTEND\" or finish up."
    end
    contains bell (string split ' ' -- "$JIT_NOTIFY"); and set bell \a
    printf '\njit: %s ends in %s%s%s\n' $name $left $more $bell >&2
end

# _jit_look LINE…: decides what the prompt shows, and whether this shell's grant is over.
function _jit_look
    set -l own # end, name, risk and state of this shell's grant
    set -l others # the same of each other one
    set -l due
    set -l left
    set -g _JIT_SEG ''
    set -g _JIT_TEXT ''
    set -g _JIT_NEXT 99999999999
    for line in $argv
        set -l field (string match -r -- $_JIT_LINE $line); or continue
        set -q field[7]; and test -n "$field[6]"; or set field $field[1..5] medium active # format 2
        if test $field[7] = active
            test $field[2] -gt $_JIT_SINCE; or continue
            _jit_until $field[2]
        end
        if test "$field[3]" = "$JIT_GRANT_ID"
            set own $field[2] $field[4]:$field[5] $field[6..7]
        else
            set -a others $field[2] $field[4]:$field[5] $field[6..7]
        end
    end
    set -l shown 9 5 1 # where the others start that are shown, from the last
    if test -n "$JIT_GRANT_ID"
        test "$JIT_GRANT_STATE" = active -a "$_JIT_ENDED" != "$JIT_GRANT_ID"; and _jit_live
        test "$JIT_GRANT_STATE" = ended; and _jit_add 'jit ended' ended
        if set -q own[1]
            set -e shown[1]
            _jit_follow $own[1]
            set -l before $_JIT_TEXT
            _jit_show $own $_JIT_WARNINGS
            test $own[4] = active -a -z "$before"; and _jit_warn $own[2] $left (count $due)
        end
    end
    for first in $shown[-1..1]
        set -q others[$first]; or break
        _jit_show $others[$first..(math $first + 3)] $_JIT_USUAL
    end
    set -l rest (math $shown[1] + 4)
    set -q others[$rest]; and _jit_add +(math "("(count $others)" - $rest + 1) / 4")
    test -n "$_JIT_TEXT"; and set -g _JIT_SEG "[$_JIT_SEG] "
    return 0
end

# _jit_check: looks, unless nothing can have changed: the same file, the same terms, and no text that is due to change.
function _jit_check
    # An empty one would let command substitutions yield one string instead of lines. Exported, it holds in what is called.
    set -lx IFS \n\ \t
    # A signal meanwhile asks for one look more: two at once would mix what they read.
    set -g _JIT_LOOKING 1
    set -g _JIT_AGAIN 1
    while set -q _JIT_AGAIN
        set -e -g _JIT_AGAIN
        _jit_refresh
    end
    set -e -g _JIT_LOOKING
end
function _jit_refresh
    set -l content ''
    set -g _JIT_TOLD_BY_FILE
    if test -s "$_JIT_STATE" -a -f "$_JIT_STATE" -a -O "$_JIT_STATE"
        read -z content <$_JIT_STATE
    else if test -z "$JIT_GRANT_ID" # the common case: nothing is active
        set -g _JIT_KEY -
        set -g _JIT_SEG ''
        set -q JIT_PROMPT; and set -e -g JIT_PROMPT
        return 0
    else if test -f "$_JIT_STATE" -a -O "$_JIT_STATE"
        set content empty
    else # one of somebody else tells nothing
        set -e -g _JIT_TOLD_BY_FILE
    end
    set -l key "$JIT_GRANT_ID $JIT_GRANT_STATE $JIT_WARN $NO_COLOR $TERM $content"
    set -l age (_jit_age)
    if test "$key" != "$_JIT_KEY"; or test $age -lt $_JIT_AGE -o $age -ge $_JIT_DUE
        set -g _JIT_KEY $key
        set -g _JIT_AGE $age
        set -g _JIT_SINCE (_jit_now)
        set -g _JIT_USUAL (_jit_scale 99999999)
        _jit_look (string split \n -- $content)
        set -g _JIT_DUE (math $age + $_JIT_NEXT - $_JIT_SINCE)
    end
    if test -z "$_JIT_TEXT"
        set -q JIT_PROMPT; and set -e -g JIT_PROMPT
    else if test "$JIT_PROMPT" != "$_JIT_TEXT"
        set -gx JIT_PROMPT $_JIT_TEXT
    end
    return 0
end

# _jit_regain: the user's files and universal variables may have set what the grant sets, or what it needs not to be set;
# programs would then act as somebody else. jit hands it over twice: JIT_GIVEN and JIT_TAKEN are names, JIT_GIVEN_<NAME>
# are values. Once is enough: what the user sets later is meant.
function _jit_regain
    set -g _JIT_GAVE 1
    set -q JIT_GIVEN; or set -q JIT_TAKEN; or return 0
    set -lx fish_trace # values would be shown
    set -l IFS \n\ \t # as in _jit_check
    set -l _jit_again
    set -l _jit_stuck
    set -l _jit_covered
    for _jit_one in (string match -ar '(?<= )[A-Za-z_][A-Za-z0-9_]*(?= )' -- " $JIT_GIVEN ")
        set -l _jit_copy JIT_GIVEN_$_jit_one
        if not set -q $_jit_copy # a secret; the grant has ended meanwhile
            _jit_take $_jit_one
        else if not set -qx $_jit_one; or test "x$$_jit_one" != "x$$_jit_copy"
            set -gx $_jit_one "$$_jit_copy"
            test "x$$_jit_one" = "x$$_jit_copy"; and set -a _jit_again $_jit_one; or set -a _jit_stuck $_jit_one
        else if not set -q -gx $_jit_one # the same as a universal one; that may change at any time
            set -gx $_jit_one "$$_jit_copy"
        end
    end
    for _jit_one in (string match -ar '(?<= )[A-Za-z_][A-Za-z0-9_]*(?= )' -- " $JIT_TAKEN ")
        set -q -g $_jit_one; and set -a _jit_again $_jit_one
        set -qUx $_jit_one; and set -a _jit_covered $_jit_one
        _jit_take $_jit_one
    end
    for _jit_one in (set -n -g | string match -r '^JIT_(?:GIVEN(?:_.*)?|TAKEN)$')
        set -e -g $_jit_one
    end
    set -l _jit_is it is again as the grant gave it
    set -q _jit_again[2]; and set _jit_is they are again as the grant gave them
    set -q _jit_again[1]
    and printf 'jit: your start files set %s; %s\n' (string join ', ' -- $_jit_again) "$_jit_is" >&2
    set -q _jit_stuck[1]
    and printf 'jit: warning: %s cannot be set; programs do not get what the grant gave\n' (string join ', ' -- $_jit_stuck) >&2
    for _jit_one in $_jit_covered
        printf 'jit: %s is universal (set -Ux), and the grant needs it not to be set: here it is empty (set -e -U %s ends that)\n' \
            $_jit_one $_jit_one >&2
    end
    return 0
end

# _jit_take NAME: no program gets it any more. A universal one is another identity; one that is not exported would not cover it.
function _jit_take
    set -e -g $argv[1]
    set -qUx $argv[1]; and set -gx $argv[1] ''
    return 0
end

function _jit_with_status
    return $argv[1]
end

# _jit_wrap: the user's own prompt stays as it is; ours is printed in front of it. Done at the first prompt, when all
# files of the user have been read.
function _jit_wrap
    set -g _JIT_WRAPPED 1
    functions -q _jit_users_prompt; and return 0
    functions -c fish_prompt _jit_users_prompt
    function fish_prompt
        set -l before $status
        test "$JIT_PROMPT_INJECT" = 0; or echo -ns -- $_JIT_SEG
        _jit_with_status $before
        _jit_users_prompt
    end
end

# Before each prompt. The first one tells jit, through the file JIT_READY, that the hook runs.
function _jit_on_prompt --on-event fish_prompt
    # The common case, before anything that takes time: nothing is active, and nothing was.
    test -z "$JIT_GRANT_ID$JIT_PROMPT$_JIT_SEG$JIT_READY" -a -n "$_JIT_WRAPPED" -a ! -s "$_JIT_STATE"; and return 0
    set -q _JIT_LEAVING; and set -e -g _JIT_LEAVING # Ctrl-C while leaving
    set -q _JIT_GAVE; or _jit_regain
    _jit_check
    set -q _JIT_WRAPPED; or _jit_wrap
    if set -q JIT_READY
        test -s "$JIT_READY"; or true >$JIT_READY # never a file that holds something
        set -e JIT_READY
    end
end

# Before each command, in case no signal came: no command starts with the secrets of a dead grant.
function _jit_on_preexec --on-event fish_preexec
    test "$JIT_GRANT_STATE" = active; and _jit_check
end

# jit says with SIGURG that the grant has changed.
function _jit_on_signal --on-signal SIGURG
    # Whoever gives the grant back is not told that it has ended.
    set -q _JIT_LEAVING; and return
    if set -q _JIT_LOOKING
        set -g _JIT_AGAIN 1
        return
    end
    _jit_check
    commandline -f repaint 2>/dev/null
end

# In the shell that jit started, "suspend" stops jit first: nobody would hand the terminal back otherwise.
# The variable ends here, so that a shell inside this one does not take itself for that shell.
if set -q JIT_PARENT
    set -g _JIT_PARENT $JIT_PARENT
    set -g _JIT_JOB $JIT_PARENT
    set -e JIT_PARENT
    # With its whole group, for the outer shell's job may be another program, which started jit.
    string match -qr '^[1-9][0-9]*$' -- "$JIT_PARENT_GROUP"; and set _JIT_JOB -$JIT_PARENT_GROUP
    functions -q suspend; and functions -c suspend _jit_users_suspend
    function _jit_parent
        if test -r /proc/$fish_pid/stat
            read -l stat </proc/$fish_pid/stat
            string replace -r '^.*\) \S+ (\d+) .*$' '$1' -- $stat
        else
            string trim -- (command ps -o ppid= -p $fish_pid)
        end
    end
    function suspend
        # A shell between may have handed the variable on, or jit is gone and its number is another's.
        if contains -- $_JIT_PARENT (_jit_parent)
            kill -STOP -- $_JIT_JOB; and kill -STOP $fish_pid
        else
            functions -q _jit_users_suspend; and _jit_users_suspend $argv
        end
    end
end
