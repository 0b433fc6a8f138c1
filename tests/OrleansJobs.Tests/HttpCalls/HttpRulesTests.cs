using System.Net;
using System.Text.Json;
using OrleansJobs.Hosting;
using OrleansJobs.HttpCalls;

namespace OrleansJobs.Tests.HttpCalls;

/// <summary>Which names and addresses may be called, and what answers mean, without a wire.</summary>
public class HttpRulesTests
{
    [Theory]
    [InlineData("api.example.com", "https://api.example.com/a?b#c", true)]
    [InlineData("api.example.com", "https://API.Example.Com:443/", true)]
    [InlineData("api.example.com", "https://api.example.com./", true)]
    [InlineData("api.example.com", "http://api.example.com/", false)]
    [InlineData("api.example.com", "https://api.example.com:8443/", false)]
    [InlineData("api.example.com:8443", "https://api.example.com:8443/", true)]
    [InlineData("api.example.com:*", "https://api.example.com:8443/", true)]
    [InlineData("api.example.com", "https://api.example.com.evil.org/", false)]
    [InlineData("api.example.com", "https://evil.org/api.example.com", false)]
    [InlineData("api.example.com", "https://evilapi.example.com/", false)]
    [InlineData("*.example.com", "https://a.b.example.com/", true)]
    [InlineData("*.example.com", "https://example.com/", false)]
    [InlineData("*.example.com", "https://evilexample.com/", false)]
    [InlineData("*.0.0.1", "https://127.0.0.1/", false)]
    [InlineData("http://intranet:8080", "http://intranet:8080/x", true)]
    [InlineData("http://intranet:8080", "https://intranet:8080/x", false)]
    [InlineData("http://intranet", "http://intranet/", true)]
    [InlineData("*", "https://anything.org/", true)]
    [InlineData("*", "http://anything.org/", false)]
    [InlineData("http://*:*", "http://anything.org:99/", true)]
    [InlineData("http://[::1]:80", "http://[0:0::1]/", true)]
    [InlineData("http://127.0.0.1", "http://2130706433/", true)]
    [InlineData("bücher.example", "https://xn--bcher-kva.example/", true)]
    [InlineData("bücher.example", "https://BÜCHER.example/", true)]
    public void Hosts_AreAllowedByName_SchemeAndPort(string entry, string url, bool isAllowed)
    {
        var wrong = new List<string>();
        var hosts = HostList.Parse([entry], wrong.Add);
        Assert.Empty(wrong);
        Assert.Equal(isAllowed, hosts.Check(url, out var why) is not null);
        Assert.Equal(isAllowed, why is null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("example.com/path")]
    [InlineData("ftp://example.com")]
    [InlineData("a.*.example.com")]
    [InlineData("user@example.com")]
    [InlineData("example.com:0")]
    [InlineData("example.com:65536")]
    [InlineData("example.com:443x")]
    [InlineData("**")]
    [InlineData("[::1")]
    public void Hosts_ThatAreNone_AreNamed(string entry)
    {
        var wrong = new List<string>();
        Assert.True(HostList.Parse([entry], wrong.Add).IsEmpty);
        Assert.Contains($"'{entry}'", Assert.Single(wrong));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("example.com")]
    [InlineData("/path")]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.com/")]
    [InlineData("https://user@example.com/")]
    [InlineData("https://user:password@example.com/")]
    [InlineData("https://example.com@evil.org/")]
    [InlineData("https:///path")]
    [InlineData("https://")]
    [InlineData("https://exa mple.com/")]
    public void Urls_ThatAreNone_AreNotCalled(string? url)
    {
        Assert.Null(HostList.Parse(["*", "http://*:*"]).Check(url, out var why));
        Assert.NotNull(why);
    }

    [Fact]
    public void AUrl_BeyondTheBound_IsNone() => Assert.Null(HostList.Read("https://example.com/" + new string('a', HostList.MaxUrlLength), out _));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("192.0.0.192")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:0:1::1")]
    [InlineData("2001:db8::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("168.63.129.16")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%2")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void Addresses_ThatAreNotPublic_AreRefused_UnlessTheirNetworkIsNamed(string text)
    {
        var address = IPAddress.Parse(text);
        Assert.False(AddressRules.Parse([]).IsAllowed(address));
        var known = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Assert.True(AddressRules.Parse([known.ToString().Split('%')[0] + (known.AddressFamily is System.Net.Sockets.AddressFamily.InterNetwork ? "/32" : "/128")]).IsAllowed(
            known.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? new IPAddress(known.GetAddressBytes()) : known));
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("93.184.216.34")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("192.0.1.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:1.1.1.1")]
    public void Addresses_ThatArePublic_MayBeCalled(string address) => Assert.True(AddressRules.Parse([]).IsAllowed(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0")]
    [InlineData("example.com")]
    [InlineData("10.0.0.0/33")]
    public void Networks_ThatAreNone_AreNamed(string network)
    {
        var wrong = new List<string>();
        AddressRules.Parse([network], errors: wrong.Add);
        AddressRules.Parse([], [network], wrong.Add);
        Assert.Equal(2, wrong.Count);
        Assert.All(wrong, text => Assert.StartsWith($"'{network}'", text));
    }

    [Theory]
    [InlineData(200, HttpVerdict.Done)]
    [InlineData(204, HttpVerdict.Done)]
    [InlineData(301, HttpVerdict.Refused)]
    [InlineData(304, HttpVerdict.Refused)]
    [InlineData(400, HttpVerdict.Refused)]
    [InlineData(404, HttpVerdict.Refused)]
    [InlineData(408, HttpVerdict.Again)]
    [InlineData(410, HttpVerdict.Refused)]
    [InlineData(425, HttpVerdict.Again)]
    [InlineData(429, HttpVerdict.Again)]
    [InlineData(500, HttpVerdict.Again)]
    [InlineData(503, HttpVerdict.Again)]
    [InlineData(599, HttpVerdict.Again)]
    internal void Answers_MeanWhatTheirStatusSays(int status, HttpVerdict verdict) => Assert.Equal(verdict, HttpCallRules.VerdictOf((HttpStatusCode)status));

    [Theory]
    [InlineData("""{"url":"https://a.b/","method":"CONNECT"}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","method":"GET\r\nX: y"}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"Host":"c"}}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"Transfer-Encoding":"chunked"}}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"x":"a\r\nHost: c"}}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"a b":"c"}}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"x":null}}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"x":"caf\u00e9"}}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"x":"a\u007fb"}}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","headers":{"content-type":"text/plain"},"body":"\ud800"}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","timeout":0}""", "bad_args")]
    [InlineData("""{"url":"https://a.b/","timeout":601}""", "bad_args")]
    [InlineData("""{}""", "bad_args")]
    [InlineData("""{"url":"https://c.b/"}""", "host_not_allowed")]
    public void Calls_ThatCannotBeMade_FailForGood(string args, string code)
    {
        var call = JsonSerializer.Deserialize<HttpCall>(args, JobJson.Options)!;
        Assert.Equal(code, Assert.Throws<GiveUpException>(() => HttpCallRules.RequestOf(call, HostList.Parse(["a.b"]), new HttpCallOptions())).Code);
    }

    [Fact]
    public void Networks_ThatAreDenied_AreNotCalled_AlthoughTheyArePublicOrAllowed()
    {
        var rules = AddressRules.Parse(["10.0.0.0/8"], ["10.1.0.0/16", "93.184.216.0/24", "2606:4700::/32"]);
        Assert.True(rules.IsAllowed(IPAddress.Parse("10.2.0.1")));
        Assert.True(rules.IsAllowed(IPAddress.Parse("93.184.217.1")));
        Assert.All(["10.1.0.1", "::ffff:10.1.0.1", "93.184.216.34", "2606:4700::1111"], address => Assert.False(rules.IsAllowed(IPAddress.Parse(address))));
    }

    [Theory]
    [InlineData("http://user:secret@proxy:3128")]
    [InlineData("ftp://proxy")]
    public void AProxy_ThatWouldNotBeUsedAsItIsSaid_IsRefused_WithoutItsPassword(string proxy)
    {
        var failure = Assert.Single(new JobGridOptionsValidator().Validate(null, new JobGridOptions { Http = { Proxy = new Uri(proxy) } }).Failures!);
        Assert.Contains("JobGrid:Http:Proxy", failure);
        Assert.DoesNotContain("secret", failure);
    }

    /// <summary>The call was made: nothing that it was answered with fails the job.</summary>
    [Theory]
    [InlineData("application/json", "{\"x\":\"\\ud800\"}")]
    [InlineData("application/json", "{\"x\":\"\\udc00\\ud800\"}")]
    [InlineData("application/json", "{\"x\":")]
    [InlineData("application/json", "{\"a\":1,\"\\ud83d\":2}")]
    [InlineData("text/plain", "\u0001\u0002")]
    public void AnAnswer_ThatIsNoJson_IsText(string type, string body)
    {
        var result = HttpCallRules.ResultOf(Answer(200, body, type), 1 << 20);
        Assert.Equal((body, (bool?)null), (Read(result).GetProperty("body").GetString(), result.Truncated));
    }

    [Fact]
    public void AnAnswer_WhoseTextGrowsByEscapes_FitsAResult_AndLosesItsEndForIt()
    {
        var random = new Random(7);
        for (var draw = 0; draw < 60; draw++)
        {
            var bytes = new byte[random.Next(1, 300_000)];
            if (draw % 3 > 0) random.NextBytes(bytes);
            var limit = random.Next(2_000, 400_000);
            var answer = new HttpAnswer(HttpStatusCode.OK, new() { ["x"] = new string('\u00e9', random.Next(100)) }, draw % 3 == 2 ? "application/json" : null, bytes, false, null);
            var result = HttpCallRules.ResultOf(answer, limit);
            var written = JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Options);
            Assert.True(written.Length <= limit, $"draw {draw}: {written.Length} of {limit}");
            var whole = System.Text.Encoding.UTF8.GetString(bytes);
            var kept = Read(result).GetProperty("body").GetString()!;
            Assert.StartsWith(kept, whole, StringComparison.Ordinal);
            Assert.Equal(kept.Length < whole.Length, result.Truncated == true);
            if (kept.Length < whole.Length) Assert.True(written.Length > limit - 8_000, $"draw {draw}: {written.Length} of {limit}");
        }
    }

    [Theory]
    [InlineData(400)]
    [InlineData(2000)]
    [InlineData(20_000)]
    public void AnAnswer_WhoseHeadersWouldFillAResult_LosesTheLargest(int limit)
    {
        var headers = Enumerable.Range(1, 30).ToDictionary(n => $"x-{n}", n => new string('x', 30 * n));
        var result = HttpCallRules.ResultOf(new HttpAnswer(HttpStatusCode.OK, headers, null, Enumerable.Repeat((byte)0x61, 50).ToArray(), false, null), limit);
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Options).Length, 1, limit);
        Assert.True(result.Truncated);
        Assert.True(result.Headers.ContainsKey("x-1"));
        Assert.Equal(limit == 20_000, result.Headers.ContainsKey("x-20"));
        Assert.NotEmpty(result.Body!.Value.GetString()!);
    }

    [Fact]
    public void WhatTheOtherSideSays_EndsNoLineOfALog_AndShowsNoQueryOfWhereItSendsTo()
    {
        var answer = Answer(302, "a\r\n2026-01-01 forged\u001b[31m\u0085b\u2028c\u202ed", "text/plain") with { Headers = new() { ["location"] = "https://a.b/c\td?token=secret#x" } };
        var text = HttpCallRules.TextOf(answer);
        Assert.DoesNotContain(text, char.IsControl);
        Assert.All("\u2028\u202e", character => Assert.DoesNotContain(character, text));
        Assert.Contains("https://a.b/c d, which", text);
        Assert.DoesNotContain("secret", text);
    }

    [Theory]
    [InlineData("315360000", 86400)]
    [InlineData("Fri, 01 Jan 2100 00:00:00 GMT", 86400)]
    [InlineData("86399", 86399)]
    [InlineData("Fri, 01 Jan 1999 00:00:00 GMT", 0)]
    public void WhoeverAsksForLongerThanADay_IsAskedAgainInADay(string said, int seconds)
    {
        using var message = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        message.Headers.TryAddWithoutValidation("retry-after", said);
        Assert.Equal(TimeSpan.FromSeconds(seconds), HttpAnswer.Of(message, [], false, DateTimeOffset.Parse("2026-01-01", System.Globalization.CultureInfo.InvariantCulture)).RetryAfter);
    }

    private static HttpAnswer Answer(int status, string body, string type) => new((HttpStatusCode)status, [], type, System.Text.Encoding.UTF8.GetBytes(body), false, null);

    private static JsonElement Read(HttpResult result) => JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Options)).RootElement;
}
