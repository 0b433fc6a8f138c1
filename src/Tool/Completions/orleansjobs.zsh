#compdef orleansjobs
# Completes orleansjobs in zsh: source <(orleansjobs completion zsh), after compinit; or as a file _orleansjobs in a folder of $fpath.
_orleansjobs() {
    # What is to be completed, without the name of the command.
    local line=" ${(j: :)words[2,CURRENT]}" word=${words[CURRENT]} suggestion
    # A key that stands in it is no business of those who list processes.
    [[ $line == *--key* ]] && line=$(sed -E 's/(--key[ =:]+)[^ ]+/\1x/g' <<< "$line")
    local -a offered open
    for suggestion in ${(f)"$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null </dev/null)"}; do
        # Options are offered where one was begun; they are too many to be shown with commands and values.
        [[ $suggestion == [-/]* && $word != -* ]] && continue
        # A value follows what ends so.
        if [[ $suggestion == *[=.] ]]; then open+=("$suggestion"); else offered+=("$suggestion"); fi
    done
    if (( ${#offered} + ${#open} == 0 )); then
        _files
        return
    fi
    (( ${#open} )) && compadd -S '' -- "${open[@]}"
    (( ${#offered} )) && compadd -- "${offered[@]}"
    return 0
}
if [[ $funcstack[1] == _orleansjobs ]]; then
    _orleansjobs "$@"
else
    compdef _orleansjobs orleansjobs
fi
