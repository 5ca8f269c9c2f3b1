# The prompt hook of jit for fish >= 3.1: shows the grant and its time left, and drops its secrets when it ends.
# Builtins only, no fork per prompt (from fish 3.5 on). The prompt-state file is data from outside: it is checked,
# and never evaluated. Its lines: <expiry, epoch seconds> <grant id> <target> <role> [more]

status is-interactive; and not set -q _JIT_LOADED; or exit 0

set -g _JIT_LOADED 1
set -g _JIT_SEG '' # what the prompt shows, without colours
set -g _JIT_COLOUR green
set -g _JIT_WARNED '' # last warning given: 5m or 1m
set -g _JIT_BEFORE 0 # seconds left at the last look; more than that means a new end
set -g _JIT_WHOLE 0 # seconds left when this end was first seen
if set -q JIT_STATE_FILE
    set -g _JIT_STATE $JIT_STATE_FILE
else if set -q XDG_RUNTIME_DIR
    set -g _JIT_STATE $XDG_RUNTIME_DIR/jit/prompt
else
    set -g _JIT_STATE /nonexistent
end

# _jit_now: prints the time in epoch seconds. fish has no variable for it, but mtime + age of any file is now.
if builtin -q path
    function _jit_now
        math (path mtime /dev/null) + (path mtime -R /dev/null)
    end
else
    function _jit_now
        command date +%s
    end
end

# _jit_format SECONDS: prints "1h05m"-like text. Whole minutes are rounded up.
function _jit_format -a seconds
    if test $seconds -ge 3600
        echo (math -s0 $seconds / 3600)h(math -s0 "$seconds % 3600 / 60")m
    else if test $seconds -gt 60
        echo (math -s0 "($seconds + 59) / 60")m
    else
        echo {$seconds}s
    end
end

# _jit_own_name: prints what this shell was started for, as it was told at its start.
function _jit_own_name
    set -l name $JIT_TARGET
    test -n "$JIT_ROLE"; and set name $name:$JIT_ROLE
    echo -- "$name"
end

# _jit_drop: the grant is over. Only secrets go: what leads to an endpoint or a file that is gone stays, so that
# programs fail instead of finding another identity.
function _jit_drop
    for name in (string split ' ' -- $JIT_DROP)
        string match -qr '^[A-Za-z_][A-Za-z0-9_]*$' -- $name; and set -e -g $name
    end
    printf '\njit: %s has ended; what needs it fails in this shell. Type "exit" to leave.\n' (_jit_own_name) >&2
    set -e -g JIT_DROP
    set -e -g JIT_EXTEND
    set -e -g JIT_GRANT_EXP
    set -gx JIT_GRANT_STATE ended
end

# _jit_read NOW: from the state file, sets the caller's count, first (earliest expiry), own (ours), name (to show).
function _jit_read --no-scope-shadowing
    set -l expiry
    set -l id
    set -l target
    set -l role
    set -l more
    test -s "$_JIT_STATE" -a -O "$_JIT_STATE"; or return 0
    while read -d ' ' expiry id target role more
        string match -qr '^[0-9]{1,11}$' -- $expiry; and test $expiry -gt $now; or continue
        string match -qr '^[A-Za-z0-9._/@:+-]{1,40}$' -- $target; or continue
        string match -qr '^[A-Za-z0-9._/@:+-]{1,40}$' -- $role; and set target $target:$role
        set count (math $count + 1)
        if test -n "$JIT_GRANT_ID" -a "$id" = "$JIT_GRANT_ID"
            set own $expiry
            set name $target
        end
        if test $first -eq 0 -o $expiry -lt $first
            set first $expiry
            set -q own[1]; or set name $target
        end
    end <$_JIT_STATE
end

# _jit_warn SECONDS NAME LEFT: once at five minutes and once at one minute, if there were twice as many to begin
# with; an extended grant warns again.
function _jit_warn -a seconds name left
    if test $seconds -gt $_JIT_BEFORE
        set -g _JIT_WARNED ''
        set -g _JIT_WHOLE $seconds
    end
    set -g _JIT_BEFORE $seconds
    if test $seconds -le 60
        test $_JIT_WHOLE -ge 120 -a "$_JIT_WARNED" != 1m; or return 0
        set -g _JIT_WARNED 1m
        set -l way
        test -n "$JIT_EXTEND"; and set way "\"jit extend --for $JIT_EXTEND\" or "
        printf '\njit: %s ends in %s - %sfinish up.\a\n' $name $left "$way" >&2
    else if test $seconds -le 300 -a $_JIT_WHOLE -ge 600 -a -z "$_JIT_WARNED"
        set -g _JIT_WARNED 5m
        printf '\njit: %s ends in %s\n' $name $left >&2
    end
end

# _jit_show COLOUR TEXT
function _jit_show -a colour text
    set -g _JIT_COLOUR $colour
    set -g _JIT_SEG $text
    set -gx JIT_PROMPT $text
end

# _jit_check: decides what the prompt shows, and whether this shell's grant is over.
function _jit_check
    set -g _JIT_SEG ''
    set -e -g JIT_PROMPT
    test -s "$_JIT_STATE"; or test -n "$JIT_GRANT_ID"; or return 0 # the common case: nothing is active
    set -l now (_jit_now)
    set -l count 0
    set -l first 0
    set -l own
    set -l name
    _jit_read
    if test -n "$JIT_GRANT_ID" -a "$JIT_GRANT_STATE" = active; and not set -q own[1]
        if test -e "$_JIT_STATE"; or not string match -qr '^[0-9]+$' -- "$JIT_GRANT_EXP"; or test $JIT_GRANT_EXP -le $now
            _jit_drop
        else # no file: the broker is gone, and what this shell was told at its start holds
            set count 1
            set own $JIT_GRANT_EXP
            set name (string replace -ra '[^A-Za-z0-9._/@:+-]' _ -- (_jit_own_name))
        end
    end
    if test "$JIT_GRANT_STATE" = ended
        _jit_show red 'jit ended'
        return 0
    end
    test $count -gt 0; or return 0
    set -q own[1]; and set first $own
    set -l seconds (math $first - $now)
    set -l left (_jit_format $seconds)
    set -q own[1]; and _jit_warn $seconds $name $left
    test $count -gt 1; and set name $name+(math $count - 1)
    if test $seconds -le 60
        _jit_show red "$name $left"
    else if test $seconds -le 300
        _jit_show yellow "$name $left"
    else
        _jit_show green "$name $left"
    end
end

# Before each prompt. The first one tells jit, through the file JIT_READY, that the hook runs.
function _jit_on_prompt --on-event fish_prompt
    _jit_check
    if set -q JIT_READY
        true >$JIT_READY
        set -e JIT_READY
    end
end

# Before each command, in case no signal came: no command starts with the secrets of a dead grant.
function _jit_on_preexec --on-event fish_preexec
    test "$JIT_GRANT_STATE" = active; and _jit_check
end

# jit says with SIGURG that the grant has changed.
function _jit_on_signal --on-signal SIGURG
    _jit_check
    commandline -f repaint 2>/dev/null
end

function _jit_with_status
    return $argv[1]
end

# The user's own prompt stays as it is; ours is printed in front of it.
if not functions -q _jit_users_prompt
    functions -c fish_prompt _jit_users_prompt
    function fish_prompt
        set -l before $status
        if test -n "$_JIT_SEG" -a "$JIT_PROMPT_INJECT" != 0
            if set -q NO_COLOR[1]; and test -n "$NO_COLOR"; or test "$TERM" = dumb
                printf '[%s] ' $_JIT_SEG
            else
                set_color $_JIT_COLOUR
                printf '[%s] ' $_JIT_SEG
                set_color normal
            end
        end
        _jit_with_status $before
        _jit_users_prompt
    end
end

# In the shell that jit started, "suspend" stops jit first: nobody would hand the terminal back otherwise.
# The variable ends here, so that a shell inside this one does not take itself for that shell.
if set -q JIT_PARENT
    set -g _JIT_PARENT $JIT_PARENT
    set -e JIT_PARENT
    function suspend
        kill -STOP $_JIT_PARENT; and kill -STOP $fish_pid
    end
end
