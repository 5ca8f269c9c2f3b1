# complete.fish <folder of completions> <times>: prints how many microseconds that many TABs take. fish tells the time
# only by a program; what that costs is taken off.
source $argv[1]/jit-completion.fish
set -l before (date +%s%N)
set -l begin (date +%s%N)
for i in (seq $argv[2])
    set answer (complete -C 'jit elevate team-27-db-1987')
end
set -l end (date +%s%N)
test "$answer[1]" = team-27-db-1987 -a (count $answer) -eq 4; or exit 1
math "floor(($end - $begin - ($begin - $before)) / 1000)"
