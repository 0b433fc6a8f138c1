using System.Net;
using System.Text;
using OrleansJobs.Tests.Client;

namespace OrleansJobs.Tests.Tool;

/// <summary>
/// Answers requests as the test says, and remembers them. Each request is sent to a real gateway first: what that one does not understand has no
/// answer here either, so a test cannot agree with the tool on something that no gateway takes. What the test says nothing of is answered by the
/// real one.
/// </summary>
internal sealed class StubGateway(ManualTime time) : HttpMessageHandler
{
    private readonly Dictionary<string, Queue<Func<HttpResponseMessage?>>> _answers = [];

    public List<(string Route, string Body, HttpRequestMessage Message)> Requests { get; } = [];

    public string[] Routes => [.. Requests.Select(request => request.Route)];

    /// <summary>Where the gateway is mounted, as far as the tool knows.</summary>
    public string Mount { get; set; } = "";

    /// <summary>The next answer to a route such as <c>GET /jobs/a</c>; the last one given is given again.</summary>
    public StubGateway On(string route, string body, HttpStatusCode status = HttpStatusCode.OK, string type = "application/json", int? retryAfter = null) => On(route, () =>
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, type) };
        if (retryAfter is { } seconds) response.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        return response;
    });

    /// <param name="answer">Null: as the real gateway answers.</param>
    public StubGateway On(string route, Func<HttpResponseMessage?> answer)
    {
        if (!_answers.TryGetValue(route, out var answers)) _answers[route] = answers = [];
        answers.Enqueue(answer);
        return this;
    }

    public StubGateway OnProblem(string route, int status, string title, string detail = "", string members = "", int? retryAfter = null) =>
        On(route, $$"""{"type":"urn:x","title":"{{title}}","status":{{status}},"detail":"{{detail}}"{{members}}}""", (HttpStatusCode)status, "application/problem+json", retryAfter);

    public StubGateway OnEvents(string route, params string[] statuses) =>
        On(route, string.Concat(statuses.Select(status => $"event: {(status == "ping" ? "ping" : "status")}\ndata: {status}\n\n")), type: "text/event-stream");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var route = $"{request.Method} {request.RequestUri!.PathAndQuery}";
        Requests.Add((route, request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken), request));
        // Waited for on the spot: to the tool no time passes, and what it does next it does before the clock goes on.
        using var still = time.StandStill();
        var (real, problem) = Task.Run(() => RealGateway.AnswerAsync(request, Mount), CancellationToken.None).GetAwaiter().GetResult();
        if (problem is not null) throw new MisunderstoodException($"A gateway does not understand '{route}': {problem}");
        if (!_answers.TryGetValue(route, out var answers)) return real;
        if ((answers.Count > 1 ? answers.Dequeue() : answers.Peek())() is not { } answer) return real;
        real.Dispose();
        return answer;
    }
}

/// <summary>The tool sends what no gateway takes: a defect, not a failure that the tool may put into words.</summary>
internal sealed class MisunderstoodException(string message) : Exception(message);
