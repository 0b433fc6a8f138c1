# Completes orleansjobs in bash: source <(orleansjobs completion bash)
_orleansjobs() {
    local word=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} suggestion
    # What is to be completed, without the name of the command.
    line=${line#"${COMP_WORDS[0]}"}
    # A key that stands in it is no business of those who list processes.
    [[ $line == *--key* ]] && line=$(sed -E 's/(--key[ =:]+)[^ ]+/\1x/g' <<< "$line")
    COMPREPLY=()
    while IFS= read -r suggestion; do
        # Options are offered where one was begun; they are too many to be shown with commands and values.
        [[ $suggestion == "$word"* && ( $suggestion != [-/]* || $word == -* ) ]] && COMPREPLY+=("$suggestion")
    done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null </dev/null)
    # A value follows what ends so.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=.] ]] && compopt -o nospace 2>/dev/null
    return 0
}
# Files, where there is nothing to be offered.
complete -o bashdefault -o default -F _orleansjobs orleansjobs
