using System.Text;
using System.Text.Json.Nodes;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Schemas;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Holds the description to what the gateway answers, and its examples to its own schemas.</summary>
public sealed class OpenApiTests(GridHost grid) : IClassFixture<GridHost>
{
    [Fact]
    public async Task Answers_FitTheirSchemas()
    {
        var api = await ReadAsync();
        await FitsAsync(api, "AcceptedJob", await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"fits","args":{"steps":2,"stepMs":1},"tags":{"a":"b"}}"""));
        await FitsAsync(api, "Job", await grid.Http.GetAsync("/jobs/fits", ("Prefer", "wait=30")));
        await FitsAsync(api, "JobPage", await grid.Http.GetAsync("/jobs?limit=1"));
        await FitsAsync(api, "BatchAnswer", await grid.Http.PostJsonAsync("/jobs:batch", """[{"type":"longtask","countdown":99},{"type":"nope"}]"""));
        await FitsAsync(api, "Problem", await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","args":{"steps":"x"}}"""));
        await FitsAsync(api, "Stats", await grid.Http.GetAsync("/stats"));
        await FitsAsync(api, "Scaling", await grid.Http.GetAsync("/stats/scaling"));
        await FitsAsync(api, "History", await grid.Http.GetAsync("/stats/history"));
        await FitsAsync(api, "Store", await grid.Http.GetAsync("/store"));
        await FitsAsync(api, "Problem", await grid.Http.PostJsonAsync("/store/backup", ""));
        await FitsAsync(api, "Queue", await grid.Http.PostJsonAsync("/queues/fits/pause", """{"reason":"x"}"""));
        foreach (var type in (await (await grid.Http.GetAsync("/job-types")).JsonAsync()).EnumerateArray()) Fits(api, "JobType", type.GetRawText());
        foreach (var queue in (await (await grid.Http.GetAsync("/queues")).JsonAsync()).EnumerateArray()) Fits(api, "Queue", queue.GetRawText());
    }

    [Fact]
    public async Task Examples_FitTheirSchemas()
    {
        var api = await ReadAsync();
        var found = 0;
        foreach (var media in Everywhere(api).OfType<JsonObject>().Where(media => media["schema"] is JsonObject && media["example"] is not null))
        {
            var schema = media["schema"]!;
            var errors = Check(api, schema, media["example"]!.ToJsonString());
            Assert.True(errors.Count == 0, $"{media.GetPath()}: {string.Join(" ", errors)}");
            found++;
        }

        Assert.True(found > 30);
    }

    [Fact]
    public async Task Problems_AreNamedAsTheCodeNamesThem()
    {
        var api = await ReadAsync();
        var named = api["components"]!["schemas"]!["Problem"]!["properties"]!["type"]!["enum"]!.AsArray().Select(type => type!.GetValue<string>());
        Assert.Equal(ProblemTypes.All.Select(type => type.Uri).Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task References_LeadSomewhere()
    {
        var api = await ReadAsync();
        foreach (var reference in Everywhere(api).OfType<JsonObject>().Select(node => node["$ref"]).OfType<JsonValue>().Select(value => value.GetValue<string>()))
        {
            var target = reference.Split('/').Skip(1).Aggregate((JsonNode?)api, (node, step) => node?[step]);
            Assert.True(target is not null, reference);
        }
    }

    private async Task<JsonObject> ReadAsync() => JsonNode.Parse(await grid.Http.GetStringAsync("/openapi/v1.json"))!.AsObject();

    private static async Task FitsAsync(JsonObject api, string schema, HttpResponseMessage answer) => Fits(api, schema, await answer.Content.ReadAsStringAsync());

    private static void Fits(JsonObject api, string schema, string json)
    {
        var errors = Check(api, new JsonObject { ["$ref"] = $"#/components/schemas/{schema}" }, json);
        Assert.True(errors.Count == 0, $"{schema}: {string.Join(" ", errors)} in {json}");
    }

    private static List<ProblemError> Check(JsonObject api, JsonNode schema, string json)
    {
        // References are from the root, so the components are put beside the schema.
        var whole = schema.DeepClone().AsObject();
        whole["components"] = api["components"]!.DeepClone();
        var errors = new List<ProblemError>();
        ArgsSchema.Compile(whole.ToJsonString()).Check(Encoding.UTF8.GetBytes(json), "", errors, new(json.Length, TimeProvider.System));
        return errors;
    }

    private static IEnumerable<JsonNode> Everywhere(JsonNode node) => node switch
    {
        JsonObject children => children.Select(child => child.Value).OfType<JsonNode>().SelectMany(Everywhere).Prepend(node),
        JsonArray children => children.OfType<JsonNode>().SelectMany(Everywhere).Prepend(node),
        _ => [node],
    };
}
