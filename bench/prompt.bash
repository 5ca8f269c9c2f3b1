# prompt.bash <hook> <times> <hook|anew|cat>: prints how many microseconds that many prompts take. bash >= 5, with -i.
# hook: the hook as it is. anew: it has to make its text anew each time. cat: what one fork costs, instead of the hook.
PS1='> '
. "$1"
_jit_precmd
begin=${EPOCHREALTIME/[.,]/}
case $3 in
  hook) for ((i = 0; i < $2; i++)); do _jit_precmd; done ;;
  anew) for ((i = 0; i < $2; i++)); do _JIT_KEY= _jit_precmd; done ;;
  cat) for ((i = 0; i < $2; i++)); do content=$(cat "$1"); done ;;
esac
end=${EPOCHREALTIME/[.,]/}
[[ $3 == cat || "${JIT_PROMPT-}" == "$BENCH_EXPECTED" ]] || { echo "shows $JIT_PROMPT" >&2; exit 1; }
echo $((end - begin))
