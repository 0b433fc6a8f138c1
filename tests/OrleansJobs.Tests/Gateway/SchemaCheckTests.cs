using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Schemas;

namespace OrleansJobs.Tests.Gateway;

public class SchemaCheckTests
{
    private const string Shape = """
        {"type":"object","additionalProperties":false,"required":["name"],
         "properties":{"name":{"type":"string","minLength":2,"maxLength":5,"pattern":"^[a-z]+$"},
                       "count":{"type":["integer","null"],"minimum":1,"exclusiveMaximum":10},
                       "kind":{"enum":["big","small",null]},
                       "at":{"type":"string","format":"date-time"},
                       "items":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"boolean"}},
                       "self":{"$ref":"#"},
                       "either":{"anyOf":[{"type":"string"},{"type":"object","required":["x"]}]},
                       "one":{"oneOf":[{"type":"integer"},{"type":"number","minimum":5}]},
                       "never":false,
                       "not":{"not":{"type":"string"}}}}
        """;

    [Theory]
    [InlineData("""{"name":"abc"}""")]
    [InlineData("""{"name":"abc","count":null,"kind":"big","at":"2030-01-01T00:00:00Z","items":[true],"self":{"name":"ab"},"either":{"x":1},"one":1,"not":5}""")]
    [InlineData("""{"name":"abc","kind":null,"either":"text","one":5.5}""")]
    [InlineData("""{"name":"\u0061bc","count":9}""")]
    public void Args_ThatFit_HaveNoMistakes(string args) => Assert.Empty(Check(Shape, args));

    [Theory]
    [InlineData("5", "/args")]
    [InlineData("{}", "/args/name")]
    [InlineData("""{"name":"a"}""", "/args/name")]
    [InlineData("""{"name":"abcdef"}""", "/args/name")]
    [InlineData("""{"name":"ABC"}""", "/args/name")]
    [InlineData("""{"name":5}""", "/args/name")]
    [InlineData("""{"name":"abc","count":0}""", "/args/count")]
    [InlineData("""{"name":"abc","count":10}""", "/args/count")]
    [InlineData("""{"name":"abc","count":1.5}""", "/args/count")]
    [InlineData("""{"name":"abc","kind":"huge"}""", "/args/kind")]
    [InlineData("""{"name":"abc","at":"yesterday"}""", "/args/at")]
    [InlineData("""{"name":"abc","items":[]}""", "/args/items")]
    [InlineData("""{"name":"abc","items":[true,true,true]}""", "/args/items")]
    [InlineData("""{"name":"abc","items":[true,1]}""", "/args/items/1")]
    [InlineData("""{"name":"abc","self":{"name":"abc","self":{"name":1}}}""", "/args/self/self/name")]
    [InlineData("""{"name":"abc","either":{"y":1}}""", "/args/either")]
    [InlineData("""{"name":"abc","one":7}""", "/args/one")]
    [InlineData("""{"name":"abc","never":1}""", "/args/never")]
    [InlineData("""{"name":"abc","not":"text"}""", "/args/not")]
    [InlineData("""{"name":"abc","a/b~c":1}""", "/args/a~1b~0c")]
    [InlineData("""{"name":"abc","name":"abc"}""", "/args/name")]
    public void Args_ThatDoNotFit_ArePointedTo(string args, string pointer) => Assert.Equal([pointer], Check(Shape, args).Select(error => error.Pointer));

    [Theory]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("""{"type":5,"properties":[],"pattern":"(","minimum":"x","futureKeyword":{}}""")]
    [InlineData("not a schema")]
    [InlineData("""{"$ref":"#/nowhere"}""")]
    [InlineData("""{"$ref":"#"}""")]
    public void Schemas_ThatSayNothing_AllowAnything(string schema) => Assert.Empty(Check(schema, """{"a":[1,{"b":null}]}"""));

    [Fact]
    public void Args_GivenTwiceWithinManyNames_AreFound()
    {
        var many = string.Join(',', Enumerable.Range(0, 50).Select(i => $"\"m{i}\":0"));
        Assert.Equal(["/args/deep/0/m7"], Check("true", $$"""{"deep":[{{{many}},"m\u0037":1}]}""").Select(error => error.Pointer));
    }

    [Fact]
    public void Mistakes_AreListedUpToABound() =>
        Assert.Equal(Problem.MaxErrors, Check("""{"items":{"type":"string"}}""", $"[{string.Join(',', Enumerable.Range(0, 1000))}]").Count);

    [Fact]
    public void WhatTheExporterWrites_FitsWhatTheSerializerWrites()
    {
        var schema = JobJson.Options.GetJsonSchemaAsNode(typeof(Sample)).ToJsonString();
        var sample = new Sample("x", 5, 1.5, DateTimeOffset.UnixEpoch, Guid.Empty, TimeSpan.FromSeconds(1), DayOfWeek.Friday, [1, 2], new() { ["k"] = new("y", 0, 0, default, default, default, default, [], [], null, null) }, new Uri("https://a.example"), null);
        Assert.Empty(Check(schema, JsonSerializer.Serialize(sample, JobJson.Options)));

        var broken = JsonNode.Parse(JsonSerializer.Serialize(sample, JobJson.Options))!;
        broken["nested"]!["k"]!["list"] = "none";
        Assert.Equal(["/args/nested/k/list"], Check(schema, broken.ToJsonString()).Select(error => error.Pointer));
    }

    [Fact]
    public void Alternatives_ThatDoubleTheWalksAtEachLevel_EndAtTheBudget()
    {
        var args = string.Concat(Enumerable.Repeat("{\"next\":", 31)) + "0" + new string('}', 31);
        Assert.InRange(args.Length, 1, 1023);
        // The first alternative fits until the very end of it, and so does the second.
        var mistake = Assert.Single(Check("""{"anyOf":[{"type":"object","properties":{"next":{"$ref":"#"}}},{"type":"object","properties":{"next":{"$ref":"#"}},"minProperties":1}]}""", args));
        Assert.Equal("/args", mistake.Pointer);
        Assert.Contains("steps", mistake.Detail);
    }

    [Fact]
    public void LongNames_CostTheBudgetWhatTheyCost()
    {
        const int Depth = 10;
        var args = string.Concat(Enumerable.Repeat("{\"next\":", Depth)) + $"{{\"{new string('n', 200_000)}\":0,\"next\":0}}" + new string('}', Depth);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var mistake = Assert.Single(Check("""{"anyOf":[{"type":"object","properties":{"next":{"$ref":"#"}}},{"type":"object","properties":{"next":{"$ref":"#"}},"minProperties":1}]}""", args));
        Assert.Contains("steps", mistake.Detail);
        // Each walk of the innermost value copies the name, 400 KB of it; there would be a thousand.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 << 20);
    }

    [Fact]
    public void PolymorphicArgs_AsDeepAsArgsMayBe_AreChecked()
    {
        var schema = JobJson.Options.GetJsonSchemaAsNode(typeof(Figure)).ToJsonString();
        Figure tree = new Leaf(1);
        for (var depth = 0; depth < JobJson.MaxDepth - 2; depth++) tree = depth % 2 == 0 ? new Boxed(tree) : new Named(tree, "n");
        Assert.Empty(Check(schema, JsonSerializer.Serialize(tree, JobJson.Options)));
    }

    [Fact]
    public void ALargeListOfShortValues_IsWithinTheBudget() =>
        Assert.Empty(Check("""{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"null"},{"type":"integer"}]}}""", $"[{string.Join(',', Enumerable.Repeat("1", 131_000))}]"));

    [Fact]
    public void Patterns_ThatTakeTooLong_EndTheCheck()
    {
        var args = $"[{string.Join(',', Enumerable.Range(0, 50).Select(i => $"\"{new string('a', 40)}{i}!\""))}]";
        var mistake = Assert.Single(Check("""{"items":{"type":"string","pattern":"^(a+)+$"}}""", args));
        Assert.Equal("/args", mistake.Pointer);
        Assert.Contains("patterns", mistake.Detail);
    }

    [Fact]
    public void SchemasThatReferToEachOther_WithoutGoingDeeper_EndTheCheck() =>
        Assert.Equal(["/args"], Check("""{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}""", "{}").Select(error => error.Pointer));

    [Fact]
    public void ABudget_ThatIsUsedUp_IsSoForTheRestOfItsRequest()
    {
        var budget = new SchemaBudget(10, TimeProvider.System);
        Assert.Throws<SchemaBudgetException>(() => budget.Spend((SchemaBudget.BaseSteps + 1000) * SchemaBudget.BytesPerStep));
        budget.Close();
        Assert.Single(Check("{}", "5", budget));
    }

    private static List<ProblemError> Check(string schema, string args, SchemaBudget? budget = null)
    {
        var errors = new List<ProblemError>();
        ArgsSchema.Compile(schema).Check(Encoding.UTF8.GetBytes(args), "/args", errors, budget ?? new(args.Length, TimeProvider.System));
        return errors;
    }

    [JsonDerivedType(typeof(Leaf), "leaf"), JsonDerivedType(typeof(Boxed), "boxed"), JsonDerivedType(typeof(Named), "named")]
    public abstract record Figure;

    public sealed record Leaf(int Value) : Figure;

    public sealed record Boxed(Figure Inner) : Figure;

    public sealed record Named(Figure Inner, string Name) : Figure;

    public sealed record Sample(
        string Text, int Number, double Fraction, DateTimeOffset At, Guid Id, TimeSpan Length, DayOfWeek Day, List<long> List, Dictionary<string, Sample> Nested, Uri? Link, bool? Maybe);
}
