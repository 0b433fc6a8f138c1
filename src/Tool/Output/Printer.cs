using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using Spectre.Console;

namespace OrleansJobs.Tool.Output;

/// <summary>Prints results: as text for people, or as the gateway's JSON, one value a line.</summary>
internal sealed class Printer(Surroundings surroundings, bool asJson)
{
    public bool AsJson => asJson;
    public bool IsInteractive => !asJson && surroundings.Out.Profile.Capabilities.Interactive && surroundings.Out.Profile.Out.IsTerminal;
    public IAnsiConsole Console => surroundings.Out;

    public void Json(JsonElement json) => surroundings.PlainOut.WriteLine(JsonSerializer.Serialize(json));

    public void Line(string text) => surroundings.PlainOut.WriteLine(Plain.Line(text));

    /// <summary>Prints the JSON, or what people see instead.</summary>
    public void Either(JsonElement json, Action text)
    {
        if (asJson) Json(json);
        else text();
    }

    /// <summary>A table that is never cut: where there is no terminal, lines are as long as they have to be.</summary>
    public void Table(string[] columns, IEnumerable<string[]> rows, string empty)
    {
        string[][] all = [.. rows];
        if (all.Length == 0)
        {
            Line(empty);
            return;
        }

        if (!IsInteractive)
        {
            surroundings.PlainOut.WriteLine(string.Join('\t', columns));
            foreach (var row in all) surroundings.PlainOut.WriteLine(string.Join('\t', row.Select(Plain.Line)));
            return;
        }

        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns) table.AddColumn(new TableColumn(new Text(column)));
        foreach (var row in all) table.AddRow(row.Select(cell => new Text(Plain.Line(cell))));
        surroundings.Out.Write(table);
    }

    /// <summary>Names and values; values that are empty are left out.</summary>
    public void Facts(IEnumerable<(string Name, string? Value)> facts)
    {
        var shown = facts.Where(fact => !string.IsNullOrEmpty(fact.Value)).ToList();
        var width = shown.Max(fact => fact.Name.Length) + 2;
        foreach (var (name, value) in shown) surroundings.PlainOut.WriteLine(name.PadRight(width) + Plain.Lines(value).Replace("\n", "\n" + new string(' ', width), StringComparison.Ordinal));
    }

    /// <summary>One line on where a job stands.</summary>
    public static string Summary(Job job) =>
        $"{job.Id}  {job.State}{(job.Phase is { } phase and not "running" ? $" ({phase})" : "")}  {job.Current}/{job.Total}  {job.Percent}%  {job.Message}".TrimEnd();
}
