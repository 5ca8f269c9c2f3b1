# complete.zsh <folder of completions> <times>: prints how many microseconds that many TABs take, in the line editor of
# a zsh on a terminal of its own.
zmodload zsh/zpty
export BENCH_COMPLETIONS=$1 BENCH_TIMES=$2
zpty inner zsh -f -i
zpty -w inner 'source complete-inner.zsh'
zpty -w -n inner $'\C-t'
until [[ $seen == *took=<->\;* ]]; do
  zpty -r inner line || { print -u2 -- $seen; exit 1; }
  seen+=$line
done
zpty -d inner
[[ $seen == *answer=jit\ elevate\ team-27-db-1987* ]] || { print -u2 -- $seen; exit 1; }
print -- ${${seen#*took=}%%;*}
