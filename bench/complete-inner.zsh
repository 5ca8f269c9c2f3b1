# Sourced by the zsh that complete.zsh starts: Control-T presses TAB often, and prints the answer and how long it took.
zmodload zsh/datetime
autoload -Uz compinit && compinit -D
fpath=($BENCH_COMPLETIONS $fpath)
autoload -Uz _jit && compdef _jit jit
press_often() {
  local -i i
  local -F begin=$EPOCHREALTIME
  for (( i = 0; i < BENCH_TIMES; i++ )); do
    BUFFER='jit elevate team-27-db-1987' CURSOR=27
    zle complete-word
  done
  printf 'answer=%s; took=%d;\n' $BUFFER $(( (EPOCHREALTIME - begin) * 1000000 ))
}
zle -N press_often
bindkey '^T' press_often
