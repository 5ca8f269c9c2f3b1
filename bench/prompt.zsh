# prompt.zsh <hook> <times> <hook|anew|cat>: as prompt.bash. With -i.
PROMPT='> '
source $1
_jit_precmd
zmodload zsh/datetime
begin=$EPOCHREALTIME
case $3 in
  hook) for (( i = 0; i < $2; i++ )); do _jit_precmd; done ;;
  anew) for (( i = 0; i < $2; i++ )); do _JIT_KEY=; _jit_precmd; done ;;
  cat) for (( i = 0; i < $2; i++ )); do content=$(cat $1); done ;;
esac
end=$EPOCHREALTIME
[[ $3 == cat || "$JIT_PROMPT" == "$BENCH_EXPECTED" ]] || { print -u2 -- "shows $JIT_PROMPT"; exit 1; }
printf '%d\n' $(( (end - begin) * 1000000 ))
