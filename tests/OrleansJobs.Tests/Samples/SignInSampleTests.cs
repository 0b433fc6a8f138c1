using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OrleansJobs.Tests.Samples;

/// <summary>The sample that signs its people in, as a process of its own.</summary>
public sealed class SignInSampleTests
{
    [Fact]
    public async Task PeopleSignIn_AndDoWhatTheirRoleAllows()
    {
        using var sample = await SampleProcess.StartAsync("SignIn", null, [.. SampleProcess.SiloPorts(), "--environment", "Development"]);
        var address = sample.Http.BaseAddress!;

        using var stranger = Browser(address);
        Assert.Contains("<meta name=\"gateway\" content=\"../../\">", await stranger.GetStringAsync("/"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/queues")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SignInAsync(stranger, "ann", "guessed")).StatusCode);

        using var ann = Browser(address);
        var signedIn = await SignInAsync(ann, "ann", "ann's");
        Assert.EndsWith("/ops/jobs/", signedIn.RequestMessage!.RequestUri!.AbsolutePath);
        using var refused = await PostAsync(ann, "/jobs/greet", "\"Ann\"");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("urn:orleansjobs:problem:antiforgery", await refused.Content.ReadAsStringAsync());
        using var accepted = await PostAsync(ann, "/jobs/greet", "\"Ann\"", await TokenAsync(ann));
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);

        using var eve = Browser(address);
        await SignInAsync(eve, "eve", "eve's");
        Assert.Equal(HttpStatusCode.OK, (await eve.GetAsync("/jobs")).StatusCode);
        using var forbidden = await PostAsync(eve, "/jobs/greet", "\"Eve\"", await TokenAsync(eve));
        Assert.Contains("urn:orleansjobs:problem:forbidden", await forbidden.Content.ReadAsStringAsync());

        // Signed out, the cookie is gone, and the token with it.
        var form = await ann.GetStringAsync("/logout");
        await ann.PostAsync("/logout", Fields(form));
        Assert.Equal(HttpStatusCode.Unauthorized, (await ann.GetAsync("/queues")).StatusCode);
    }

    private static HttpClient Browser(Uri address) => new(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = address };

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient browser, string name, string password) =>
        await browser.PostAsync("/login", Fields(await browser.GetStringAsync("/login"), ("name", name), ("password", password)));

    private static FormUrlEncodedContent Fields(string form, params (string Name, string Value)[] more) =>
        new([KeyValuePair.Create("__RequestVerificationToken", Regex.Match(form, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value), .. more.Select(field => KeyValuePair.Create(field.Name, field.Value))]);

    private static async Task<(string Header, string Token)> TokenAsync(HttpClient browser)
    {
        var antiforgery = JsonDocument.Parse(await browser.GetStringAsync("/caller")).RootElement.GetProperty("antiforgery");
        return (antiforgery.GetProperty("header").GetString()!, antiforgery.GetProperty("token").GetString()!);
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient browser, string path, string json, (string Header, string Token)? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (token is { } sent) request.Headers.Add(sent.Header, sent.Token);
        return await browser.SendAsync(request);
    }
}
