# The prompt hook of jit for PowerShell >= 7: shows the active grants and their time left.
#
# UNTESTED: written after the hooks for bash, zsh and fish, but no PowerShell has run it yet. Only its text is checked.
# It shows, it does not take away: "jit elevate" opens no PowerShell with this hook, so there are no secrets to drop. Whose
# the prompt-state file is it does not look, other than the hooks for the other shells.
#
# No process is started per prompt. The prompt-state file is data from outside: it is checked, and never evaluated
# (no Invoke-Expression, no "$(...)" around it). Its lines:
#   <end, epoch seconds> <grant id> <target> <role> <low|medium|high> <active|overdue>

if ($global:_JitLoaded) { return }
$global:_JitLoaded = $true

# Where the broker of this user keeps it, unless told.
$global:_JitState = if ($env:JIT_STATE_FILE) { $env:JIT_STATE_FILE }
elseif ($env:JIT_STATE_DIR) { "$env:JIT_STATE_DIR/run/prompt" }
elseif ($env:XDG_RUNTIME_DIR) { "$env:XDG_RUNTIME_DIR/jit/prompt" }
elseif ($env:XDG_STATE_HOME) { "$env:XDG_STATE_HOME/jit/run/prompt" }
elseif ($IsMacOS) { "$HOME/Library/Application Support/jit/run/prompt" }
else { "$HOME/.local/state/jit/run/prompt" }

$global:_JitLine = [regex]::new(
  '\A(?<end>[0-9]{1,11}) (?<id>[^ ]+) (?<target>[A-Za-z0-9._/@:+-]{1,40}) (?<role>[A-Za-z0-9._/@:+-]{1,40})' +
  '(?: (?<risk>low|medium|high) (?<state>active|overdue)(?: .*)?)?\z')

# Seconds as "1h5m"-like text. Whole minutes are rounded up.
function global:_JitFormat([long] $Seconds) {
  if ($Seconds -ge 3600) { return '{0}h{1}m' -f [Math]::Floor($Seconds / 3600), [Math]::Floor($Seconds % 3600 / 60) }
  if ($Seconds -gt 60) { return '{0}m' -f [Math]::Ceiling($Seconds / 60) }
  return '{0}s' -f $Seconds
}

# The SGR parameters of a grant: by its risk; yellow from the first warning on, bold red from the last.
function global:_JitColour([long] $Seconds, [string] $Risk) {
  $words = if ($null -eq $env:JIT_WARN) { '300 60' } else { $env:JIT_WARN }
  $warnings = @($words.Split(' ') | Where-Object { $_ -cmatch '\A[0-9]{1,7}\z' } | ForEach-Object { [long] $_ })
  if ($warnings.Count -gt 0 -and $Seconds -le $warnings[-1]) { return '1;31' }
  if ($warnings.Count -gt 0 -and $Seconds -le $warnings[0]) { return '33' }
  switch -CaseSensitive ($Risk) {
    'low' { return '32' }
    'high' { return '1;35' }
    default { return '36' }
  }
}

# What the prompt shows, one object a grant, the own first: Text and Colour.
function global:_JitGrants {
  if (-not [IO.File]::Exists($global:_JitState)) { return }
  $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
  $own = @()
  $others = @()
  foreach ($line in [IO.File]::ReadAllLines($global:_JitState)) {
    if ($line.Length -gt 200) { continue }
    $match = $global:_JitLine.Match($line)
    if (-not $match.Success) { continue }
    $left = [long] $match.Groups['end'].Value - $now
    $isOverdue = $match.Groups['state'].Value -ceq 'overdue'
    if (-not $isOverdue -and $left -le 0) { continue }
    $risk = if ($match.Groups['risk'].Success) { $match.Groups['risk'].Value } else { 'medium' }
    $name = $match.Groups['target'].Value + ':' + $match.Groups['role'].Value
    if ($risk -ceq 'high') { $name += '!' }
    $item = if ($isOverdue) { @{ Text = "$name OVERDUE"; Colour = '37;41' } }
    else { @{ Text = $name + ' ' + (_JitFormat $left); Colour = _JitColour $left $risk } }
    if ($env:JIT_GRANT_ID -and $match.Groups['id'].Value -ceq $env:JIT_GRANT_ID) { $own += $item } else { $others += $item }
  }
  $all = $own + $others
  $all | Select-Object -First 3
  if ($all.Count -gt 3) { @{ Text = "+$($all.Count - 3)"; Colour = '' } }
}

# Sets JIT_PROMPT for other tools, and answers the indicator.
function global:_JitIndicator {
  $items = @(_JitGrants)
  if ($items.Count -eq 0) {
    $env:JIT_PROMPT = $null
    return ''
  }
  $env:JIT_PROMPT = ($items | ForEach-Object { $_.Text }) -join ', '
  if ($env:JIT_PROMPT_INJECT -eq '0') { return '' }
  $escape = [char] 27
  $isPlain = $env:NO_COLOR -or $env:TERM -eq 'dumb'
  $parts = $items | ForEach-Object {
    if ($isPlain -or -not $_.Colour) { $_.Text } else { "$escape[$($_.Colour)m$($_.Text)$escape[0m" }
  }
  return '[' + ($parts -join ', ') + '] '
}

# The user's own prompt stays as it is, and sees $? and $LASTEXITCODE as they were; ours is put in front of it.
$global:_JitUsersPrompt = $function:prompt
function global:prompt {
  $succeeded = $?
  $exitCode = $global:LASTEXITCODE
  $indicator = try { _JitIndicator } catch { '' }
  $global:LASTEXITCODE = $exitCode
  # The only way to hand a false $? to the user's prompt.
  if (-not $succeeded) { Write-Error '' -ErrorAction Ignore }
  $indicator + (& $global:_JitUsersPrompt)
}
