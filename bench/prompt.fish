# prompt.fish <hook> <times> <hook|anew|cat>: as prompt.bash, after what the hook prints in fish_prompt. With -i.
function fish_prompt
end
source $argv[1]
_jit_on_prompt
set -l rounds (string split , -- (string repeat -n $argv[2] ,))[2..-1]
set -l begin (date +%s%N)
switch $argv[3]
    case hook
        for i in $rounds
            _jit_on_prompt
            fish_prompt
        end
    case anew
        for i in $rounds
            set -g _JIT_KEY
            _jit_on_prompt
        end
    case cat
        for i in $rounds
            set -l content (cat $argv[1])
        end
end
set -l end (date +%s%N)
if test $argv[3] != cat -a "$JIT_PROMPT" != "$BENCH_EXPECTED"
    echo "shows $JIT_PROMPT" >&2
    exit 1
end
echo
math -s0 "($end - $begin) / 1000"
