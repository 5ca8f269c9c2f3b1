# complete.bash <folder of completions> <times>: prints how many microseconds that many TABs take. bash >= 5.
. "$1/jit-completion.bash"
COMP_LINE='jit elevate team-27-db-1987' COMP_POINT=27 COMP_CWORD=2
COMP_WORDS=(jit elevate team-27-db-1987)
begin=${EPOCHREALTIME/[.,]/}
for ((i = 0; i < $2; i++)); do _jit; done
end=${EPOCHREALTIME/[.,]/}
[[ ${COMPREPLY[0]} == team-27-db-1987 && ${#COMPREPLY[@]} == 4 ]] || exit 1
echo $((end - begin))
