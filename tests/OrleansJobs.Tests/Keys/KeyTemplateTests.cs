using System.ComponentModel;
using System.Text;
using System.Text.Json;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>Keys that are made of arguments.</summary>
public class KeyTemplateTests
{
    private const int Seed = 4711;

    [Theory]
    [InlineData("tenant/{tenantId}", """{"tenantId":7}""", "tenant/7")]
    [InlineData("tenant/{tenantId}", """{"tenantId":"seven","x":1}""", "tenant/seven")]
    [InlineData("flag/{on}", """{"on":true}""", "flag/true")]
    [InlineData("bucket/{target.region}.{target.name}", """{"target":{"region":"eu-1","name":"a:b"}}""", "bucket/eu-1.a:b")]
    [InlineData("a/x-{n}-y", """{"n":-5}""", "a/x--5-y")]
    [InlineData("stripe", "7", "stripe")]
    [InlineData("tenant/{a~b}", """{"a~b":1}""", "tenant/1")]
    public void AKey_IsMadeOfArguments(string template, string args, string key) => Assert.Equal(key, Fill(template, args).Key);

    [Theory]
    [InlineData("tenant/{tenantId}", "{}", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", """{"tenantId":null}""", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", """{"tenantId":1.5}""", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", """{"tenantId":{"$at":"scheduled"}}""", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", """{"tenantId":""}""", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", """{"tenantId":"a b"}""", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", """{"tenantId":"a/b"}""", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", """{"tenantId":".."}""", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", "[1]", "/args/tenantId")]
    [InlineData("tenant/{tenantId}", "{", "/args")]
    [InlineData("b/{t.name}", """{"t":7}""", "/args/t/name")]
    public void WhatMakesNoKey_IsSaidWithItsPlace(string template, string args, string pointer) => Assert.Equal(pointer, Fill(template, args).Problem!.Pointer);

    [Theory]
    [InlineData("")]
    [InlineData("{tenantId}")]
    [InlineData("{prefix}/x")]
    [InlineData("tenant/{}")]
    [InlineData("tenant/{a")]
    [InlineData("tenant/a}")]
    [InlineData("tenant/{a..b}")]
    [InlineData("tenant/{a{b}}")]
    [InlineData("tenant/{a}/{b}")]
    [InlineData("two words")]
    public void ATemplateThatMakesNoKey_IsRefused(string template)
    {
        Assert.False(KeyTemplate.TryParse(template, out _, out var mistake));
        Assert.NotEmpty(mistake!);
    }

    /// <summary>Whatever arguments are drawn: what comes out is a key of its prefix, or a problem.</summary>
    [Fact]
    public void DrawnArguments_MakeKeys_OrProblems()
    {
        var random = new Random(Seed);
        var (keys, problems) = (0, 0);
        for (var i = 0; i < 5000; i++)
        {
            var value = new string([.. Enumerable.Range(0, random.Next(0, 140)).Select(_ => (char)(random.Next(20) == 0 ? random.Next(32, 0x2000) : "abcXYZ019._-:@+~"[random.Next(16)]))]);
            var args = JsonSerializer.SerializeToUtf8Bytes(new { outer = new { id = value } });
            Assert.True(KeyTemplate.TryParse("p/q-{outer.id}", out var template, out _));
            if (template.TryFill(args, "/args", out var key, out var problem))
            {
                Assert.True(JobKeys.IsKey(key));
                Assert.Equal("p/q-" + value, key);
                keys++;
            }
            else
            {
                Assert.StartsWith("/args", problem.Pointer, StringComparison.Ordinal);
                Assert.False(JobKeys.IsKey("p/q-" + value) && JobKeys.IsName(value));
                problems++;
            }
        }

        Assert.True(keys > 500 && problems > 500, $"{keys} keys and {problems} problems were drawn with seed {Seed}.");
    }

    [Theory]
    [InlineData("tenant/{tenantId}", null)]
    [InlineData("tenant/{name}", null)]
    [InlineData("tenant/{nested.deep}", null)]
    [InlineData("tenant/{kind}", null)]
    [InlineData("tenant/{tenant}", "do not have")]
    [InlineData("tenant/{TenantId}", "do not have")]
    [InlineData("tenant/{nested}", "is not a string")]
    [InlineData("tenant/{share}", "is not a string")]
    [InlineData("tenant/{nested.other}", "do not have")]
    public void ATemplate_IsHeldAgainstTheSchema(string template, string? mistake)
    {
        Assert.True(KeyTemplate.TryParse(template, out var parsed, out _));
        var found = parsed.MistakeFor(HandlerSchema.Of(typeof(Args)));
        if (mistake is null) Assert.Null(found);
        else Assert.Contains(mistake, found, StringComparison.Ordinal);
    }

    [Fact]
    public void ARegistration_WithAKeyThatItsArgumentsDoNotMake_IsRefused()
    {
        var wrong = Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob<Wrong>().Build(new()));
        Assert.Contains("'tenant/{tenant}'", wrong.Message, StringComparison.Ordinal);
        var shapeless = Assert.Throws<JobRegistrationException>(() => new JobGridBuilder().AddJob("x", (Args _, JobContext _, CancellationToken _) => Task.CompletedTask, options =>
        {
            options.Key = "{tenantId}";
            options.Weight = 2000;
        }).Build(new()));
        Assert.Contains("prefix", shapeless.Message, StringComparison.Ordinal);
        Assert.Contains("Weight", shapeless.Message, StringComparison.Ordinal);
        var right = new JobGridBuilder().AddJob<Right>().Build(new()).Describe()[0];
        Assert.Equal(("tenant/{tenantId}", 3), (right.Key, right.Weight));
    }

    private static (string? Key, SubmissionProblem? Problem) Fill(string template, string args)
    {
        Assert.True(KeyTemplate.TryParse(template, out var parsed, out var mistake), mistake);
        return parsed.TryFill(Encoding.UTF8.GetBytes(args), "/args", out var key, out var problem) ? (key, null) : (null, problem);
    }

    private sealed record Args(int TenantId, string? Name, Nested Nested, DayOfWeek Kind, double Share);

    private sealed record Nested(Guid Deep);

    [Job("right", Key = "tenant/{tenantId}", Weight = 3)]
    [Description("Its arguments make its key.")]
    private sealed class Right : IJob<Args>
    {
        public Task RunAsync(Args args, JobContext job, CancellationToken cancellation) => Task.CompletedTask;
    }

    [Job("wrong", Key = "tenant/{tenant}")]
    private sealed class Wrong : IJob<Args>
    {
        public Task RunAsync(Args args, JobContext job, CancellationToken cancellation) => Task.CompletedTask;
    }
}
