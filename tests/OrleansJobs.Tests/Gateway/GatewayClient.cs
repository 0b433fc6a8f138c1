using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

/// <summary>What the tests of the gateway say over and over.</summary>
internal static class GatewayClient
{
    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient http, string path, string json, params (string Name, string Value)[] headers) =>
        http.SendJsonAsync(HttpMethod.Post, path, json, headers);

    public static Task<HttpResponseMessage> GetAsync(this HttpClient http, string path, params (string Name, string Value)[] headers) =>
        http.SendJsonAsync(HttpMethod.Get, path, null, headers);

    public static async Task<HttpResponseMessage> SendJsonAsync(this HttpClient http, HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static Task<JsonElement> JsonAsync(this HttpResponseMessage answer) => answer.Content.ReadFromJsonAsync<JsonElement>();

    public static async Task<string> ProblemAsync(this HttpResponseMessage answer) =>
        (await answer.JsonAsync()).GetProperty("type").GetString()!.Replace("urn:orleansjobs:problem:", "", StringComparison.Ordinal);

    public static string? Header(this HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    public static string Text(this JsonElement json, string member) => json.GetProperty(member).GetString()!;
}
