# Completes orleansjobs in PowerShell: orleansjobs completion pwsh | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName orleansjobs -ScriptBlock {
    param($word, $ast, $position)
    $name = $ast.CommandElements[0].Extent
    # What is to be completed, without the name of the command. Blanks behind the last word are no part of the tree.
    $line = $ast.Extent.Text.PadRight($position - $ast.Extent.StartOffset).Substring(0, $position - $ast.Extent.StartOffset).Substring($name.Text.Length)
    # A key that stands in it is no business of those who list processes.
    $line = $line -replace '(--key[ =:]+)[^ ]+', '${1}x'
    $null | & $name.Text "[suggest:$($line.Length)]" $line 2>$null |
        Where-Object { $_ -like "$([WildcardPattern]::Escape($word))*" -and ($_ -notmatch '^[-/]' -or $word -like '-*') } |
        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
