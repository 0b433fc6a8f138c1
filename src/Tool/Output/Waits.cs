using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Output;

/// <summary>What a job waits for, in words.</summary>
internal static class Waits
{
    public static string Words(JsonElement wait)
    {
        var name = wait.Text("name") is { } text ? $" '{text}'" : "";
        var until = wait.Instant("until") is { } at ? $" until {Output.Words.Of(at)}" : "";
        return wait.Text("what") switch
        {
            "time" => $"its time{until}",
            "retry" => $"its next attempt{until}",
            "slot" => "a free slot",
            "batch" => $"others to run with{(wait.Number("of") is { } most ? $" ({wait.Number("done") ?? 0} of {most} are there)" : "")}{until}",
            "handler" => $"a silo with a handler for '{wait.Text("type")}'",
            "queue" => "its queue, which is paused",
            "job" => $"job{(wait.Text("id") is { } id ? " " + id : name)}",
            "children" => $"children{name}{(wait.Number("of") is { } of ? $" ({wait.Number("done") ?? 0} of {of} done)" : "")}{until}",
            "limit" => $"key '{wait.Text("key")}' ({wait.Text("limit")}{(wait.Number("position") is { } place ? $", place {place}" : "")}{(wait.Number("stuck") is { } stuck ? $", {stuck} kept by handlers that do not stop" : "")}){until}",
            "signal" => $"signal{name}{until}",
            var other => $"{other}{name}{until}",
        };
    }
}
