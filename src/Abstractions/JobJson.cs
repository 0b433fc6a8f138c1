using System.Text.Json;

namespace OrleansJobs;

/// <summary>How arguments, results and checkpoints are written and read where nobody says otherwise: the web defaults, at most 32 levels deep.</summary>
public static class JobJson
{
    public const int MaxDepth = 32;

    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { MaxDepth = MaxDepth };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
