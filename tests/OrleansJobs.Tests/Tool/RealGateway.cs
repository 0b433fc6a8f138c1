using System.Net;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Tool;

/// <summary>One real gateway for all tests of the tool, on a real Kestrel, over a grid that takes any arguments.</summary>
internal static class RealGateway
{
    private static readonly Lazy<Task<GatewayHost>> Host = new(() =>
    {
        var grid = new FakeGrid();
        grid.Types.Clear();
        grid.Types.Add(new() { Name = "longtask" });
        return GatewayHost.StartAsync(grid: grid);
    });

    /// <returns>The answer, and what the gateway has against the request itself, whatever jobs there are.</returns>
    public static async Task<(HttpResponseMessage Answer, string? Problem)> AnswerAsync(HttpRequestMessage request, string mount)
    {
        var http = (await Host.Value).Http;
        var copy = new HttpRequestMessage(request.Method, new Uri(http.BaseAddress!, request.RequestUri!.PathAndQuery[mount.Length..]));
        // Keys are another matter: this gateway has none.
        foreach (var (name, values) in request.Headers.Where(header => header.Key is not ("Authorization" or "Host"))) copy.Headers.TryAddWithoutValidation(name, values);
        if (request.Content is { } content)
        {
            copy.Content = new ByteArrayContent(await content.ReadAsByteArrayAsync());
            foreach (var (name, values) in content.Headers) copy.Content.Headers.TryAddWithoutValidation(name, values);
        }

        var answer = await http.SendAsync(copy, HttpCompletionOption.ResponseHeadersRead);
        return (answer, await MisunderstandingAsync(answer));
    }

    private static async Task<string?> MisunderstandingAsync(HttpResponseMessage answer)
    {
        var isRefused = answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity
            or HttpStatusCode.NotFound;
        if (!isRefused) return null;
        await answer.Content.LoadIntoBufferAsync();
        var problem = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode == HttpStatusCode.NotFound && problem.Contains("job-not-found", StringComparison.Ordinal) ? null : $"{(int)answer.StatusCode} {problem}";
    }
}
