using System.Text;
using OrleansJobs.Hosting;
using OrleansJobs.Records;
using OrleansJobs.Webhooks;

namespace OrleansJobs.Tests.Webhooks;

/// <summary>Signatures, and who is told, without a grid.</summary>
public class WebhookRulesTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// <summary>The example that libraries for it are tested with.</summary>
    [Fact]
    public void Signatures_AreThoseOfTheStandard() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSignature.Of([WebhookSignature.KeyOf(Secret)!], "msg_p5jXN8AQM9LWM0D4loKWxJek", DateTimeOffset.FromUnixTimeSeconds(1614265330), Encoding.UTF8.GetBytes("{\"test\": 2432232314}")));

    [Theory]
    [InlineData("whsec_")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La")]
    [InlineData("whsec_not base64 not base64 not base64")]
    public void Secrets_ThatAreNone_AreRefused(string secret)
    {
        var options = new JobGridOptions { Http = { Hosts = ["a.b"] }, Webhooks = { Secrets = [secret] } };
        Assert.Contains("JobGrid:Webhooks:Secrets:0", Assert.Single(new JobGridOptionsValidator().Validate(null, options).Failures!));
    }

    [Theory]
    [InlineData("https://c.d/", "end", "Rules:0:Url")]
    [InlineData("nonsense", "end", "Rules:0:Url")]
    [InlineData("https://a.b/", "beginning", "Rules:0:On")]
    public void Rules_ThatCannotHold_AreRefused(string url, string on, string option)
    {
        var options = new JobGridOptions { Http = { Hosts = ["a.b"] }, Webhooks = { Secrets = [Secret], Rules = [new WebhookRule { Url = url, On = on }] } };
        Assert.Contains("JobGrid:Webhooks:" + option, Assert.Single(new JobGridOptionsValidator().Validate(null, options).Failures!));
    }

    [Fact]
    public void Rules_NeedHostsAndSecrets()
    {
        var options = new JobGridOptions { Webhooks = { Rules = [new WebhookRule { Url = "https://a.b/" }] } };
        Assert.Contains("JobGrid:Webhooks:Rules", Assert.Single(new JobGridOptionsValidator().Validate(null, options).Failures!));
    }

    [Fact]
    public void WhoIsTold_IsSaidByTheSubmit_AndByRules_AndOfCallsNobodyIs()
    {
        var rules = new WebhookRules(new JobGridOptions
        {
            Http = { Hosts = ["a.b"] },
            Webhooks =
            {
                Secrets = [Secret],
                Rules = [new() { Url = "https://a.b/all" }, new() { Url = "https://a.b/mail", Queues = ["mail"], On = "failure" }, new() { Url = "https://a.b/type", Types = ["t"], On = "success" }],
            },
        });
        Assert.Equal(["https://a.b/all"], rules.UrlsFor(Job("x", "submitted"), "q", JobState.Success));
        Assert.Equal(["https://a.b/all", "https://a.b/mail"], rules.UrlsFor(Job("x", "submitted"), "mail", JobState.Revoked));
        Assert.Equal(["https://a.b/all", "https://a.b/type"], rules.UrlsFor(Job("t", "submitted"), "mail", JobState.Success));
        Assert.Equal(["https://a.b/own", "https://a.b/all"], rules.UrlsFor(Job("x", "submitted", new("https://a.b/own", NoticeOn.Failure), new("https://a.b/all")), "q", JobState.Failure));
        Assert.Equal(["https://a.b/all"], rules.UrlsFor(Job("x", "submitted", new JobNotice("https://a.b/own", NoticeOn.Failure)), "q", JobState.Success));
        Assert.Empty(rules.UrlsFor(Job(WebhookJob.Name, "submitted", new JobNotice("https://a.b/own")), "mail", JobState.Failure));
        Assert.False(rules.IsFollowed(Job(WebhookJob.Name, "submitted"), "mail"));
        Assert.True(rules.IsFollowed(Job("x", "submitted"), "q"));
    }

    private static JobSpec Job(string type, string queue, params JobNotice[] notify) => new() { Type = type, Queue = queue, Args = [], Notify = notify };
}
