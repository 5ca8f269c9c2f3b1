# Completion of jit for fish >= 3.1. Builtins only: no Node and no fork per TAB.
# Names come from the names file of the broker, grants from the prompt-state file. Both are data from outside, as is what
# has been typed: it is checked and compared, never evaluated.

# BEGIN written by npm run generate

# __jit_children COMMAND: what may follow its words.
function __jit_children
    switch "$argv[1]"
        case ''
            printf '%s\n' \
            'elevate'\t'get a role on a target for a while, in a shell or for one command' \
            'use'\t'get a role on a target for a while, in the shell you are in' \
            'drop'\t'end the grant that is in use in this shell, and give back its variables' \
            'status'\t'show your grants, how long they last, and what is overdue' \
            'watch'\t'show grants, overdue credentials, findings and anomalies as they change' \
            'targets'\t'list targets and roles, and how long you may have each' \
            'revoke'\t'end a grant now, and look that its credential is gone' \
            'extend'\t'let a grant end later: that long from now, as far as policy allows' \
            'token'\t'print a token that ends with its grant, for scripts' \
            'env'\t'print the variables of a grant for a shell, a file or a pipeline' \
            'console'\t'sign in to a target\'s web console, for as long as a grant lasts' \
            'credential'\t'one of the commands of "credential"' \
            'ci'\t'one of the commands of "ci"' \
            'policy'\t'one of the commands of "policy"' \
            'audit'\t'one of the commands of "audit"' \
            'doctor'\t'check the broker and its rights on the targets' \
            'init'\t'write a first configuration; short for init postgres' \
            'store'\t'one of the commands of "store"' \
            'secret'\t'one of the commands of "secret"' \
            'demo'\t'watch jit at work on a PostgreSQL in a temporary folder' \
            'shell-init'\t'install the prompt of jit and "jit use" in your shell' \
            'completion'\t'print the script that completes jit in bash, zsh or fish' \
            'broker'\t'one of the commands of "broker"' \
            'help'\t'show help: all commands, one of them, or a topic'
        case 'credential'
            printf '%s\n' \
            'aws'\t'print a grant\'s keys for AWS clients that run a program for them' \
            'git'\t'answer git\'s questions for a user and password, from a grant'
        case 'ci'
            printf '%s\n' \
            'cleanup'\t'take back what this CI job has left open, and look that it is gone'
        case 'policy'
            printf '%s\n' \
            'check'\t'check the configuration: every error with file, line and a hint' \
            'explain'\t'say what policy would decide, by which rule and limit, and why' \
            'test'\t'check decisions of the policy against the cases of a file'
        case 'audit'
            printf '%s\n' \
            'log'\t'show the audit log: who asked, what was decided, issued and revoked' \
            'tail'\t'show the newest events of the audit log, and those that come' \
            'verify'\t'verify the audit log: nothing changed, nothing missing' \
            'prove'\t'write a proof that one event is in the audit log' \
            'verify-proof'\t'check a proof that one event is in an audit log' \
            'export'\t'write the audit log in the format of another system' \
            'report'\t'write a report on a period for auditors' \
            'sync'\t'bring the shared store up to date now, or say how far it is' \
            'rotate'\t'sign the audit log with a new key from now on, and delete the old one' \
            'fork'\t'go on in a new audit log, when this one was set back, is damaged, or its key is lost'
        case 'init'
            printf '%s\n' \
            'postgres'\t'write a first configuration for a PostgreSQL database' \
            'aws'\t'write a first configuration for an AWS account'
        case 'store'
            printf '%s\n' \
            'init'\t'set up a PostgreSQL database as the shared store of all audit logs'
        case 'secret'
            printf '%s\n' \
            'set'\t'put a secret into the keychain, for the broker to read' \
            'check'\t'see whether a secret can be read; its value is never shown' \
            'remove'\t'take a secret out of the keychain'
        case 'broker'
            printf '%s\n' \
            'start'\t'start the broker in the background, unless it runs' \
            'stop'\t'revoke every grant, then stop the broker' \
            'status'\t'show whether the broker runs and how it is hardened' \
            'run'\t'run the broker in the foreground until it is told to stop'
    end
end

# __jit_flags COMMAND: its own options.
function __jit_flags
    switch "$argv[1]"
        case 'elevate'
            printf '%s\n' \
            '--role'\t'the role, when it is not in <target>:<role>' \
            '--scope'\t'a named scope that narrows the role' \
            '--for'\t'for how long, e.g. 30m or 1h30m (also --duration)' \
            '--reason'\t'why; goes into the audit log (also --justification)' \
            '--ticket'\t'the ticket that this is for' \
            '--audience'\t'in CI, what the identity token of the job is asked for; usually as in the configuration' \
            '--export'\t'put secrets into the environment: env (keys) or url (with the password), as far as the target has them' \
            '--keep'\t'keep the grant after the shell or command, until its deadline or the end of the grant around it' \
            '--on-end'\t'what its end does to the shell: lock (secrets leave it), terminate (its programs end, too), close (it ends, too)' \
            '--in-process'\t'where no broker runs, have it in this process, as CI=true does' \
            '--yes'\t'do not ask for the name of a target of high risk' \
            '--dry-run'\t'show what would be granted; ask for nothing, record nothing' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'use'
            printf '%s\n' \
            '--role'\t'the role, when it is not in <target>:<role>' \
            '--scope'\t'a named scope that narrows the role' \
            '--for'\t'for how long, e.g. 30m or 1h30m (also --duration)' \
            '--reason'\t'why; goes into the audit log (also --justification)' \
            '--ticket'\t'the ticket that this is for' \
            '--export'\t'put secrets into the environment: env (keys) or url (with the password), as far as the target has them' \
            '--yes'\t'do not ask for the name of a target of high risk' \
            '--records'\t'print records for the function of jit in the shell, which passes this by itself' \
            '--shell-pid'\t'the process of that shell'
        case 'drop'
            printf '%s\n' \
            '--grant'\t'the grant in use, which the function passes by itself' \
            '--records'\t'print records for the function of jit in the shell, which passes this by itself' \
            '--shell-pid'\t'the process of that shell'
        case 'status'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'targets'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'revoke'
            printf '%s\n' \
            '--all'\t'end all of your grants' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'extend'
            printf '%s\n' \
            '--for'\t'how long from now (also --duration)' \
            '--reason'\t'why it takes longer (also --justification)' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'token'
            printf '%s\n' \
            '--role'\t'the role, when it is not in <target>:<role>' \
            '--scope'\t'a named scope that narrows the role' \
            '--for'\t'for how long, e.g. 30m or 1h30m (also --duration)' \
            '--reason'\t'why; goes into the audit log (also --justification)' \
            '--ticket'\t'the ticket that this is for' \
            '--audience'\t'in CI, what the identity token of the job is asked for; usually as in the configuration' \
            '--print'\t'print the token although the output is a terminal' \
            '--yes'\t'do not ask for the name of a target of high risk' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'env'
            printf '%s\n' \
            '--role'\t'the role, when it is not in <target>:<role>' \
            '--scope'\t'a named scope that narrows the role' \
            '--for'\t'for how long, e.g. 30m or 1h30m (also --duration)' \
            '--reason'\t'why; goes into the audit log (also --justification)' \
            '--ticket'\t'the ticket that this is for' \
            '--audience'\t'in CI, what the identity token of the job is asked for; usually as in the configuration' \
            '--format'\t'sh when not given' \
            '--export'\t'put secrets into the variables: env (keys) or url (with the password)' \
            '--file'\t'write there, readable by you alone, instead of printing' \
            '--output'\t'with --format github: the token becomes this output of the step' \
            '--print'\t'print although the output is a terminal' \
            '--yes'\t'do not ask for the name of a target of high risk' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'console'
            printf '%s\n' \
            '--role'\t'the role, when it is not in <target>:<role>' \
            '--scope'\t'a named scope that narrows the role' \
            '--for'\t'for how long, e.g. 30m or 1h30m (also --duration)' \
            '--reason'\t'why; goes into the audit log (also --justification)' \
            '--ticket'\t'the ticket that this is for' \
            '--audience'\t'in CI, what the identity token of the job is asked for; usually as in the configuration' \
            '--grant'\t'a grant that you have, instead of a new one' \
            '--open'\t'open it in the browser' \
            '--print'\t'print the link on stdout' \
            '--yes'\t'do not ask for the name of a target of high risk' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'credential aws'
            printf '%s\n' \
            '--grant'\t'the grant; the one around this shell when not given' \
            '--print'\t'print the keys although the output is a terminal'
        case 'credential git'
            printf '%s\n' \
            '--grant'\t'the grant; the one around this shell when not given' \
            '--print'\t'print the token although the output is a terminal'
        case 'ci cleanup'
            printf '%s\n' \
            '--for'\t'how long targets may take; 30s unless told otherwise, 60s at most' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'policy check'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'policy explain'
            printf '%s\n' \
            '--role'\t'the role, when it is not in <target>:<role>' \
            '--scope'\t'a named scope of the role' \
            '--for'\t'for how long (also --duration)' \
            '--reason'\t'the reason that would be given (also --justification)' \
            '--ticket'\t'the ticket that would be given' \
            '--as'\t'ask as somebody else, e.g. user:alice' \
            '--at'\t'as if it were this time' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'policy test'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit log'
            printf '%s\n' \
            '--grant'\t'only events of this grant' \
            '--target'\t'only events of this target' \
            '--principal'\t'only events of this principal, e.g. user:alice' \
            '--since'\t'only events from this time on: 2h (ago), 14:00, 2026-11-22T14:00' \
            '--until'\t'only events before this time' \
            '--limit'\t'only the newest this many' \
            '--store'\t'of everybody, from the shared store; needs its auditor in the configuration' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit tail'
            printf '%s\n' \
            '--follow'\t'go on with what is written from now on' \
            '--lines'\t'how many of the newest to begin with, 10 unless given' \
            '--target'\t'only events of this target' \
            '--grant'\t'only events of this grant' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit verify'
            printf '%s\n' \
            '--store'\t'the logs of everybody, in the shared store; needs its auditor in the configuration' \
            '--kept-since'\t'with --store: events from this time on have to be there; without it all have to be' \
            '--key'\t'a key of the log that you trust: <log>+<id>+<base64> (may be given several times)' \
            '--head'\t'a signed head kept elsewhere, which the log has to lead to (may be given several times)' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit prove'
            printf '%s\n' \
            '--file'\t'a log file; without it, your own' \
            '--store'\t'from the shared store; needs its auditor in the configuration' \
            '--output'\t'where to write the proof; without it, stdout' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit verify-proof'
            printf '%s\n' \
            '--key'\t'a key of the log that you trust: <log>+<id>+<base64> (may be given several times)' \
            '--event'\t'the event, where it has to be this one, or the proof does not hold it' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit export'
            printf '%s\n' \
            '--format'\t'jsonl (as stored, the default), csv, ocsf, cef' \
            '--since'\t'only events from this time on: 2h (ago), 14:00, 2026-11-22T14:00' \
            '--until'\t'only events before this time' \
            '--after'\t'only events after this one: <log>:<sequence>' \
            '--cursor-file'\t'go on after the event that this file names, then note the last one there' \
            '--ocsf'\t'version of the schema for --format ocsf; 1.8 unless given' \
            '--file'\t'a log file; without it, your own' \
            '--store'\t'the logs of everybody, from the shared store; needs its auditor in the configuration'
        case 'audit report'
            printf '%s\n' \
            '--from'\t'from this time on: 2026-01-01T00:00Z, 90d (ago); without it, the first event' \
            '--to'\t'before this time; without it, the last event' \
            '--format'\t'html, md, json; as --output ends, else html' \
            '--output'\t'where to write the report; without it, stdout' \
            '--file'\t'a log file; without it, your own' \
            '--store'\t'the logs of everybody, from the shared store; needs its auditor in the configuration' \
            '--kept-since'\t'with --store: events from this time on have to be there; without it all have to be' \
            '--key'\t'a key of the log that you trust: <log>+<id>+<base64> (may be given several times)' \
            '--head'\t'a signed head kept elsewhere, which the log has to lead to (may be given several times)' \
            '--sample'\t'requests that are drawn for testing; 25 unless given' \
            '--seed'\t'what they are drawn by; without it, the hash of the last event'
        case 'audit sync'
            printf '%s\n' \
            '--now'\t'push now and wait; the same as no flag' \
            '--status'\t'only say how far the store is' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit rotate'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'audit fork'
            printf '%s\n' \
            '--reason'\t'why, for the log and for whoever reads it' \
            '--yes'\t'do not ask for confirmation' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'doctor'
            printf '%s\n' \
            '--remedy'\t'print only what an administrator has to run, such as SQL (also --sql)' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'init'
            printf '%s\n' \
            '--host'\t'host of the server' \
            '--port'\t'port of the server, else 5432' \
            '--database'\t'the database' \
            '--role'\t'a role, and the NOLOGIN group roles on the server that it means (may be given several times)' \
            '--user'\t'the broker\'s own user on the server, else jit_broker' \
            '--max'\t'no grant is longer, else 1h (also --max-duration)' \
            '--risk'\t'how much harm can be done there, else medium' \
            '--force'\t'replace the configuration that is there' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'init postgres'
            printf '%s\n' \
            '--host'\t'host of the server' \
            '--port'\t'port of the server, else 5432' \
            '--database'\t'the database' \
            '--role'\t'a role, and the NOLOGIN group roles on the server that it means (may be given several times)' \
            '--user'\t'the broker\'s own user on the server, else jit_broker' \
            '--max'\t'no grant is longer, else 1h (also --max-duration)' \
            '--risk'\t'how much harm can be done there, else medium' \
            '--force'\t'replace the configuration that is there' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'init aws'
            printf '%s\n' \
            '--target'\t'the same as the argument' \
            '--region'\t'region whose STS is asked, and that sessions get' \
            '--role'\t'a role, and the role of IAM that it means; one for jit alone (may be given several times)' \
            '--credentials'\t'the broker\'s own access key: keychain:<service>/<account>, or default' \
            '--profile'\t'instead: a profile of ~/.aws/config' \
            '--web-identity-token-file'\t'instead: an OIDC token, which opens the role of --broker-arn' \
            '--mfa-serial'\t'MFA device of the access key; the roles then ask for MFA' \
            '--external-id'\t'external id that the roles ask for' \
            '--broker-arn'\t'the broker\'s own user or role' \
            '--revoke'\t'deny-session, the default: the broker may take back single sessions; none: they end by themselves' \
            '--max-duration'\t'no grant is longer, else 1h (also --max)' \
            '--risk'\t'how much harm can be done there, else medium' \
            '--print'\t'what to print, else both' \
            '--force'\t'replace the configuration that is there' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'store init'
            printf '%s\n' \
            '--host'\t'host of the server, or the folder of its Unix socket' \
            '--port'\t'port of the server, else 5432' \
            '--database'\t'the database; it has to be there' \
            '--user'\t'the administrator, else postgres' \
            '--password'\t'where the password is kept: keychain:, file:, env: or command:' \
            '--sslmode'\t'as in the configuration; verify-full unless it is this machine' \
            '--ssl-root-cert'\t'certificates that the server is checked against' \
            '--print'\t'print the SQL, for an administrator to run' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'secret set'
            printf '%s\n' \
            '--aws'\t'the value is an AWS access key' \
            '--profile'\t'with --aws: which profile of the credentials file'
        case 'secret check'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'demo'
            printf '%s\n' \
            '--shell'\t'end in an elevated shell of your own'
        case 'shell-init'
            printf '%s\n' \
            '--print'\t'print the hook, and write nothing' \
            '--no-rc'\t'write the hook, and print the line that loads it' \
            '--remove'\t'take the hook and its line away'
        case 'broker start'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'broker stop'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
        case 'broker status'
            printf '%s\n' \
            '--json'\t'print JSON on stdout; a failure is JSON on stderr'
    end
end

# __jit_kinds COMMAND: what its positional words are completed with.
function __jit_kinds
    switch "$argv[1]"
        case 'elevate'
            printf '%s\n' 'target-role'
        case 'use'
            printf '%s\n' 'target-role'
        case 'revoke'
            printf '%s\n' 'grant'
        case 'extend'
            printf '%s\n' 'grant'
        case 'token'
            printf '%s\n' 'target-role'
        case 'env'
            printf '%s\n' 'target-role'
        case 'console'
            printf '%s\n' 'target-role'
        case 'credential git'
            printf '%s\n' 'none'
        case 'policy explain'
            printf '%s\n' 'target-role'
        case 'policy test'
            printf '%s\n' 'file'
        case 'audit verify'
            printf '%s\n' 'file'
        case 'audit prove'
            printf '%s\n' 'none'
        case 'audit verify-proof'
            printf '%s\n' 'file'
        case 'doctor'
            printf '%s\n' 'target'
        case 'init'
            printf '%s\n' 'none'
        case 'init postgres'
            printf '%s\n' 'none'
        case 'init aws'
            printf '%s\n' 'none'
        case 'secret set'
            printf '%s\n' 'none'
        case 'secret check'
            printf '%s\n' 'none'
        case 'secret remove'
            printf '%s\n' 'none'
        case 'shell-init'
            printf '%s\n' 'words'
        case 'completion'
            printf '%s\n' 'words'
        case 'help'
            printf '%s\n' 'topic' 'topic'
    end
end

# __jit_choices COMMAND: the only words that it takes.
function __jit_choices
    switch "$argv[1]"
        case 'shell-init'
            printf '%s\n' 'bash' 'zsh' 'fish'
        case 'completion'
            printf '%s\n' 'bash' 'zsh' 'fish'
    end
end

# __jit_value COMMAND OPTION: what its value is completed with, then the choices; nothing: it takes no value.
function __jit_value
    switch "$argv[1] $argv[2]"
        case '* --config' \
            'env --file' \
            'audit verify --head' \
            'audit prove --output' \
            'audit verify-proof --event' \
            'audit export --cursor-file' \
            'audit report --output' \
            'audit report --head' \
            'init aws --web-identity-token-file' \
            'store init --ssl-root-cert'
            printf '%s\n' 'file'
        case 'elevate --role' \
            'use --role' \
            'token --role' \
            'env --role' \
            'console --role' \
            'policy explain --role'
            printf '%s\n' 'role'
        case 'elevate --scope' \
            'use --scope' \
            'token --scope' \
            'env --scope' \
            'console --scope' \
            'policy explain --scope'
            printf '%s\n' 'scope'
        case 'elevate --for' \
            'elevate --duration' \
            'use --for' \
            'use --duration' \
            'extend --for' \
            'extend --duration' \
            'token --for' \
            'token --duration' \
            'env --for' \
            'env --duration' \
            'console --for' \
            'console --duration' \
            'ci cleanup --for' \
            'policy explain --for' \
            'policy explain --duration' \
            'init --max' \
            'init --max-duration' \
            'init postgres --max' \
            'init postgres --max-duration' \
            'init aws --max-duration' \
            'init aws --max'
            printf '%s\n' 'duration'
        case 'elevate --reason' \
            'elevate --justification' \
            'elevate --ticket' \
            'elevate --audience' \
            'use --reason' \
            'use --justification' \
            'use --ticket' \
            'use --shell-pid' \
            'drop --shell-pid' \
            'extend --reason' \
            'extend --justification' \
            'token --reason' \
            'token --justification' \
            'token --ticket' \
            'token --audience' \
            'env --reason' \
            'env --justification' \
            'env --ticket' \
            'env --audience' \
            'env --output' \
            'console --reason' \
            'console --justification' \
            'console --ticket' \
            'console --audience' \
            'policy explain --reason' \
            'policy explain --justification' \
            'policy explain --ticket' \
            'policy explain --as' \
            'policy explain --at' \
            'audit log --principal' \
            'audit log --since' \
            'audit log --until' \
            'audit log --limit' \
            'audit tail --lines' \
            'audit verify --kept-since' \
            'audit verify --key' \
            'audit prove --file' \
            'audit verify-proof --key' \
            'audit export --since' \
            'audit export --until' \
            'audit export --after' \
            'audit export --file' \
            'audit report --from' \
            'audit report --to' \
            'audit report --file' \
            'audit report --kept-since' \
            'audit report --key' \
            'audit report --sample' \
            'audit report --seed' \
            'audit fork --reason' \
            'init --host' \
            'init --port' \
            'init --database' \
            'init --role' \
            'init --user' \
            'init postgres --host' \
            'init postgres --port' \
            'init postgres --database' \
            'init postgres --role' \
            'init postgres --user' \
            'init aws --target' \
            'init aws --region' \
            'init aws --role' \
            'init aws --credentials' \
            'init aws --profile' \
            'init aws --mfa-serial' \
            'init aws --external-id' \
            'init aws --broker-arn' \
            'store init --host' \
            'store init --port' \
            'store init --database' \
            'store init --user' \
            'store init --password' \
            'secret set --profile'
            printf '%s\n' 'none'
        case 'elevate --export' \
            'use --export' \
            'env --export'
            printf '%s\n' 'words' 'reference' 'url' 'env'
        case 'elevate --on-end'
            printf '%s\n' 'words' 'lock' 'terminate' 'close'
        case 'drop --grant' \
            'console --grant' \
            'credential aws --grant' \
            'credential git --grant' \
            'audit log --grant' \
            'audit tail --grant'
            printf '%s\n' 'grant'
        case 'env --format'
            printf '%s\n' 'words' 'sh' 'fish' 'powershell' 'dotenv' 'github' 'gitlab' 'json'
        case 'audit log --target' \
            'audit tail --target'
            printf '%s\n' 'target'
        case 'audit export --format'
            printf '%s\n' 'words' 'jsonl' 'csv' 'ocsf' 'cef'
        case 'audit export --ocsf'
            printf '%s\n' 'words' '1.8' '1.9'
        case 'audit report --format'
            printf '%s\n' 'words' 'html' 'md' 'json'
        case 'init --risk' \
            'init postgres --risk' \
            'init aws --risk'
            printf '%s\n' 'words' 'low' 'medium' 'high'
        case 'init aws --revoke'
            printf '%s\n' 'words' 'deny-session' 'none'
        case 'init aws --print'
            printf '%s\n' 'words' 'terraform' 'cli' 'both'
        case 'store init --sslmode'
            printf '%s\n' 'words' 'disable' 'require' 'verify-ca' 'verify-full'
    end
end

# __jit_constant NAME: what is the same for every command.
function __jit_constant
    switch $argv[1]
        case 'flags'
            printf '%s\n' \
            '--config'\t'use this configuration instead of the usual one' \
            '--no-input'\t'never ask; fail with the name of the missing flag' \
            '--color'\t'use colours even when the output is not a terminal' \
            '--no-color'\t'use no colours' \
            '--plain'\t'for screen readers: no columns, nothing redrawn, questions as numbered lists' \
            '--quiet'\t'no progress, no summaries; errors and warnings stay' \
            '--debug'\t'show the stack of an unexpected failure' \
            '--help'\t'show this help' \
            '--version'\t'show the version'
        case 'durations'
            printf '%s\n' '15m' '30m' '1h'
        case 'topics'
            printf '%s\n' \
            'environment'\t'every variable that jit reads or sets' \
            'prompt'\t'the indicator in the prompt: its parts, its colours, how to install it' \
            'durations'\t'how lengths and points in time are written' \
            'files'\t'where configuration, state, log and sockets lie' \
            'scripting'\t'use in scripts: --json, exit codes, no questions' \
            'exit-codes'\t'what the exit codes mean'
        case 'rest'
            printf '%s\n' 'elevate'
    end
end
# END written by npm run generate

# __jit_folder KIND: where the broker keeps its state, or what need not survive a restart of the machine.
function __jit_folder
    set -l state $HOME/.local/state/jit
    # fish does not tell the system without a fork.
    test -d "$HOME/Library/Application Support/jit"; and set state "$HOME/Library/Application Support/jit"
    string match -q '/*' -- "$XDG_STATE_HOME"; and set state $XDG_STATE_HOME/jit
    set -l run $state/run
    string match -q '/*' -- "$XDG_RUNTIME_DIR"; and set run $XDG_RUNTIME_DIR/jit
    if string match -q '/*' -- "$JIT_STATE_DIR"
        set state $JIT_STATE_DIR
        set run $JIT_STATE_DIR/run
    end
    test $argv[1] = state; and echo $state; or echo $run
end

# __jit_lines BEGINNING FILE: the lines that begin so, of a file that is ours. string finds them faster without a regex.
function __jit_lines
    test -f "$argv[2]" -a -r "$argv[2]" -a -O "$argv[2]"; or return 0
    string match -- "$argv[1]*" <$argv[2]
end

# __jit_names LINE…: the targets of these lines, without lines that no broker writes.
function __jit_names
    string replace -rf '^([a-z][a-z0-9._-]*) [a-z0-9._:, -]+$' '$1' -- $argv
end

# __jit_roles TARGET: what the names file says of it, one a line: "read:orders-only,all".
function __jit_roles
    set -l lines (__jit_lines "$argv[1] " (__jit_folder state)/names)
    set -l known (__jit_names $lines)
    set -q known[1]; or return 0
    string split ' ' -- (string replace -r '^[^ ]* ' '' -- $lines[1])
end

# __jit_targets CURRENT [ROLES]: names of targets; with ROLES also "target:role", once only one target is left.
function __jit_targets
    set -l name (string replace -r ':.*' '' -- $argv[1])
    if not string match -q '*:*' -- "$argv[1]"
        # Few lines are passed on when some begin as typed; else all, because fish finds words in other ways too.
        set -l file (__jit_folder state)/names
        set -l targets (__jit_names (__jit_lines "$argv[1]" $file))
        set -l found (count $targets)
        test $found -gt 0; or set targets (__jit_names (__jit_lines '' $file))
        set -q targets[1]; and printf '%s\n' $targets
        test $found -eq 1; or return 0
        set name $targets[1]
    end
    set -q argv[2]; or return 0
    set -l roles (__jit_roles $name | string replace -r ':.*' '')
    test (count $roles) -gt 0; and printf '%s\n' $name:$roles
end

# __jit_scopes TARGET ROLE: the scopes of that role; of all roles of the target when it is not said yet.
function __jit_scopes
    for item in (__jit_roles $argv[1])
        set -l parts (string split -m 1 : -- $item)
        set -q parts[2]; or continue
        if test -z "$argv[2]" -o "$argv[2]" = "$parts[1]"
            string split , -- $parts[2]
        end
    end
end

# __jit_rest WORD…: completes the command of the system that these words begin.
function __jit_rest
    set -l line (string escape -- $argv)
    complete -C(string join ' ' -- $line (commandline -ct))
end

# __jit_offer KIND CURRENT TARGET ROLE [WORD…]: what the kind stands for, one a line.
function __jit_offer
    set -l target (string split -m 1 : -- $argv[3])
    switch "$argv[1]"
        case target
            __jit_targets "$argv[2]"
        case target-role
            __jit_targets "$argv[2]" roles
        case role
            __jit_roles "$target[1]" | string replace -r ':.*' ''
        case scope
            set -q target[2]; or set target[2] $argv[4]
            __jit_scopes "$target[1]" "$target[2]"
        case grant
            set -l file $JIT_STATE_FILE
            test -n "$file"; or set file (__jit_folder run)/prompt
            string replace -rf '^[0-9]+ ([A-Za-z0-9._-]+) .*$' '$1' -- (__jit_lines '' $file)
        case duration
            __jit_constant durations
        case words
            set -q argv[5]; and printf '%s\n' $argv[5..-1]
        case file
            __fish_complete_path "$argv[2]"
    end
end

# __jit_is_child COMMAND WORD: whether the word goes on with the command.
function __jit_is_child
    contains -- "$argv[2]" (__jit_children "$argv[1]" | string replace -r '\t.*' '')
end

# __jit_complete: every word that may stand at the cursor.
function __jit_complete
    set -l left (commandline -opc)
    set -l current (commandline -ct | string replace -r '^["\']' '')
    set -l command ''
    set -l role ''
    set -l flag
    set -l value
    set -l given
    set -e left[1]
    while set -q left[1]
        set -l word $left[1]
        set -e left[1]
        if set -q value[1]
            test "$flag" = --role; and set role $word
            set value
        else if test "$word" = --
            contains -- "$command" (__jit_constant rest); and __jit_rest $left
            return 0
        else if string match -q -- '--*=*' "$word"
            string match -q -- '--role=*' "$word"; and set role (string replace -- --role= '' "$word")
        else if string match -q -- '-*' "$word"
            set flag $word
            set value (__jit_value "$command" "$flag")
        else if not set -q given[1]; and __jit_is_child "$command" "$word"
            set command (string trim -- "$command $word")
        else
            set -a given "$word"
        end
    end

    if set -q value[1]
        set -l kind $value[1]
        set -e value[1]
        __jit_offer $kind "$current" "$given[1]" "$role" $value
    else if string match -q -- '--*=*' "$current"
        set -l parts (string split -m 1 = -- $current)
        set value (__jit_value "$command" $parts[1])
        set -l kind $value[1]
        set -e value[1]
        set -l offered (__jit_offer "$kind" "$parts[2]" "$given[1]" "$role" $value)
        set -q offered[1]; and printf '%s\n' $parts[1]=$offered
    else if string match -q -- '-*' "$current"
        __jit_flags "$command"
        __jit_constant flags
    else
        set -q given[1]; or __jit_children "$command"
        set -l kinds (__jit_kinds "$command")
        set -l at (math (count $given) + 1)
        switch "$kinds[$at]"
            case topic
                __jit_children "$given"
                set -q given[1]; or __jit_constant topics
            case '*'
                __jit_offer "$kinds[$at]" "$current" "$given[1]" "$role" (__jit_choices "$command")
        end
    end
end

complete -c jit -e
complete -c jit -f -a '(__jit_complete)'
