# Completes orleansjobs in fish: orleansjobs completion fish > ~/.config/fish/completions/orleansjobs.fish
function __orleansjobs_suggestions
    # What is to be completed, without the name of the command.
    set -l line (string replace -r '^\s*\S+' '' -- (commandline -cp) | string collect)
    # A key that stands in it is no business of those who list processes.
    set line (string replace -ar -- '(--key[ =:]+)[^ ]+' '${1}x' $line | string collect)
    set -l word (commandline -ct)
    for suggestion in (command orleansjobs "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null </dev/null)
        # Options are offered where one was begun; they are too many to be shown with commands and values.
        if string match -qr '^[-/]' -- "$suggestion"; and not string match -q -- '-*' "$word"
            continue
        end
        echo $suggestion
    end
end
complete -c orleansjobs -f -a '(__orleansjobs_suggestions)'
# What is a file.
complete -c orleansjobs -l key-file -r -F
complete -c orleansjobs -l flow -r -F
