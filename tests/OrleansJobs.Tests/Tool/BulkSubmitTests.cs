using System.Net;
using System.Text;
using System.Text.Json;
using OrleansJobs.Tool.Bulk;

namespace OrleansJobs.Tests.Tool;

public class BulkSubmitTests
{
    private const string Route = "POST /jobs:batch";
    private readonly ToolRun _tool = new();

    [Fact]
    public async Task Lines_AreSubmittedInBatches_AndTheirIdsPrintedInOrder()
    {
        _tool.Input = "\ufeff" + Line(1) + "\r\n\n  \n" + Line(2) + "\n" + Line(3) + "\n" + Line(4) + "\n" + Line(5);
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--batch", "2", "--idempotency-key", "import"));
        // However many go at a time, each has its place.
        Assert.Equal([$"{Line(1)}\r\n{Line(2)}\n", $"null\nnull\n{Line(3)}\n{Line(4)}\n", $"null\nnull\nnull\nnull\n{Line(5)}\n"], Bodies);
        Assert.All(Keys, key => Assert.Equal("\"import/500/1\"", key));
        Assert.All(_tool.Gateway.Requests, request => Assert.Equal("application/x-ndjson", request.Message.Content!.Headers.ContentType!.ToString()));
        Assert.Equal(5, _tool.Lines.Distinct().Count());
        Assert.Equal("", _tool.Error);

        // Again it makes nothing, and says the same.
        var ids = _tool.Lines;
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--batch", "2", "--idempotency-key", "import"));
        Assert.Equal(ids, _tool.Lines);
        // Under another key, or none, they are others.
        Assert.Equal(0, await _tool.RunAsync("submit", "-"));
        Assert.Empty(ids.Intersect(_tool.Lines));
    }

    [Fact]
    public async Task LinesWithAnIdOfTheirOwn_GoWithoutAKey_AndTheOthersStayInTheirPlaces()
    {
        var own = $"bulk-{Guid.NewGuid():N}";
        _tool.Input = $$"""
            {{Line(1)}}
            {"type":"longtask","id":"{{own}}"}
            {{Line(3)}}
            """;
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--idempotency-key", "mixed"));
        Assert.Equal([$$"""null{{"\n"}}{"type":"longtask","id":"{{own}}"}{{"\n"}}""", $"{Line(1)}\nnull\n{Line(3)}\n"], Bodies);
        Assert.Equal(["", "\"mixed/500/1\""], Keys);
        Assert.Equal(own, _tool.Lines[1]);
        Assert.Equal(3, _tool.Lines.Length);
    }

    [Fact]
    public async Task FirstWrongLine_EndsIt()
    {
        _tool.Input = $"{Line(1)}\n{{\"type\":\n{Line(3)}\n";
        Assert.Equal(5, await _tool.RunAsync("submit", "-"));
        Assert.Equal([$"{Line(1)}\n"], Bodies);
        Assert.Single(_tool.Lines);
        Assert.Matches(@"\ALine 2: It is not JSON: .+ \(byte \d+\)\n1 accepted, 1 refused\. Nothing behind line 1 was sent\.\n\z", _tool.Error);

        _tool.Input = "[]\n" + Line(2);
        Assert.Equal(5, await _tool.RunAsync("submit", "-"));
        Assert.Single(Bodies);
        Assert.Equal("Line 1: It is no object with the members of a submit.\n0 accepted, 1 refused. Nothing was sent.\n", _tool.Error);
    }

    [Fact]
    public async Task LineThatIsRefused_EndsIt_AfterItsBatch()
    {
        _tool.Input = $"{Line(1)}\n{{\"type\":\"nope\"}}\n{Line(3)}\n{Line(4)}\n{Line(5)}\n";
        Assert.Equal(5, await _tool.RunAsync("submit", "-", "--batch", "3"));
        Assert.Single(Bodies);
        Assert.Equal(2, _tool.Lines.Length);
        Assert.Matches(@"\ALine 2: .*\(422\)\n/type: .*nope.*\n2 accepted, 1 refused\. Nothing behind line 3 was sent\.\n\z", _tool.Error);
    }

    [Fact]
    public async Task KeepGoing_TakesTheRest_InTheirPlaces()
    {
        // Nothing of it is late.
        using var still = _tool.Time.StandStill();
        _tool.Input = $"{Line(1)}\nnonsense\n{Line(3)}\n{{\"type\":\"nope\"}}\n{Line(5)}\n";
        Assert.Equal(5, await _tool.RunAsync("submit", "-", "--keep-going", "--batch", "3", "--idempotency-key", "mended"));
        Assert.Equal([$"{Line(1)}\nnull\n{Line(3)}\n", $"null\nnull\nnull\n{{\"type\":\"nope\"}}\n{Line(5)}\n"], Bodies);
        Assert.Equal(3, _tool.Lines.Length);
        Assert.Matches(@"\ALine 2: .*\nLine 4: .*\n/type: .*\n3 accepted, 2 refused\.\n\z", _tool.Error);

        // Mended lines take the places that were theirs; what was accepted stays what it is.
        var ids = _tool.Lines;
        _tool.Input = $"{Line(1)}\n{Line(2)}\n{Line(3)}\n{Line(4)}\n{Line(5)}\n";
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--keep-going", "--batch", "3", "--idempotency-key", "mended"));
        Assert.Equal(ids, new[] { _tool.Lines[0], _tool.Lines[2], _tool.Lines[4] });
        Assert.Equal(5, _tool.Lines.Distinct().Count());
    }

    [Theory]
    [InlineData("1", "It is no object with the members of a submit.")]
    [InlineData("null", "It is no object with the members of a submit.")]
    [InlineData("{\"type\":\"longtask\"} {\"type\":\"longtask\"}", "It is not JSON: ")]
    [InlineData("{'type':'longtask'}", "It is not JSON: ")]
    [InlineData("long", "It is longer than 1024 KiB.")]
    [InlineData("bytes", "It is not UTF-8.")]
    public async Task WrongLine_SaysItsNumberAndWhatIsWrong(string line, string mistake)
    {
        byte[] bytes = line switch
        {
            "long" => Encoding.UTF8.GetBytes($$$"""{"type":"longtask","args":{"a":"{{{new string('x', 1024 * 1024)}}}"}}"""),
            "bytes" => [.. "{\"type\":\"longtask\",\"args\":{\"a\":\""u8, 0xff, .. "\"}}"u8],
            _ => Encoding.UTF8.GetBytes(line),
        };
        _tool.InputBytes = new MemoryStream([.. Encoding.UTF8.GetBytes(Line(1)), (byte)'\n', .. bytes, (byte)'\n', .. Encoding.UTF8.GetBytes(Line(3))]);
        Assert.Equal(5, await _tool.RunAsync("submit", "-", "--keep-going"));
        Assert.StartsWith($"Line 2: {mistake}", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(2, _tool.Lines.Length);
    }

    [Fact]
    public async Task LostAnswers_AreAskedForAgain_AndMakeNothingTwice()
    {
        _tool.Gateway.On(Route, () => throw new HttpRequestException("reset"));
        _tool.Gateway.OnProblem(Route, 503, "The grid did not answer in time.", retryAfter: 3);
        _tool.Gateway.On(Route, () => null);
        _tool.Input = $"{Line(1)}\n{Line(2)}\n";
        var started = _tool.Time.GetUtcNow();
        Assert.Equal(0, await _tool.RunAsync("submit", "-"));
        Assert.Equal(3, _tool.Gateway.Requests.Count);
        Assert.Single(Bodies.Distinct());
        Assert.Single(Keys.Distinct());
        Assert.Equal(2, _tool.Lines.Distinct().Count());
        Assert.InRange(_tool.Time.GetUtcNow() - started, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6));
    }

    [Fact]
    public async Task LinesThereWasNoRoomFor_AreSentAgain_WithTheirBatch()
    {
        _tool.Gateway.On(Route, Answer(("a", 202), ("", 503), ("c", 202))).On(Route, Answer(("a", 202), ("", 429), ("c", 202))).On(Route, Answer(("a", 202), ("b", 202), ("c", 202)));
        _tool.Input = $"{Line(1)}\n{Line(2)}\n{Line(3)}\n";
        Assert.Equal(0, await _tool.RunAsync("submit", "-"));
        Assert.Equal(["a", "b", "c"], _tool.Lines);
        Assert.Single(Bodies.Distinct());
        Assert.Single(Keys.Distinct());
    }

    [Fact]
    public async Task GridThatStaysFull_IsGivenUp_AndWhatWasAcceptedIsTold()
    {
        _tool.Gateway.On(Route, Answer(("a", 202), ("", 503)));
        _tool.Input = $"{Line(1)}\n{Line(2)}\n{Line(3)}\n";
        Assert.Equal(6, await _tool.RunAsync("submit", "-", "--batch", "2", "--keep-going"));
        Assert.Equal(["a"], _tool.Lines);
        Assert.Matches(@"Line 2: .*\(503\)[\s\S]*1 accepted, 1 refused\. Nothing behind line 2 was sent\.\n\z", _tool.Error);
        Assert.InRange(_tool.Gateway.Requests.Count, 10, 60);
        Assert.Single(Bodies.Distinct());
    }

    [Fact]
    public async Task GatewayThatStaysAway_IsGivenUp()
    {
        _tool.Gateway.On(Route, () => null).On(Route, () => throw new HttpRequestException("Connection refused"));
        _tool.Input = $"{Line(1)}\n{Line(2)}\n{Line(3)}\n";
        Assert.Equal(6, await _tool.RunAsync("submit", "-", "--batch", "2"));
        Assert.Equal(2, _tool.Lines.Length);
        Assert.Equal(
            """
            2 accepted. What came of lines 3 to 3 is not known; nothing behind them was sent. Where an --idempotency-key was given, all may be sent again.
            The gateway at http://localhost:8080/ cannot be reached: Connection refused

            """, _tool.Error, ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData(401, "unauthorized", 7)]
    [InlineData(413, "too-large", 5)]
    public async Task BatchThatIsRefused_EndsIt(int status, string type, int code)
    {
        _tool.Gateway.On(Route, $$"""{"type":"urn:orleansjobs:problem:{{type}}","title":"No.","status":{{status}}}""", (HttpStatusCode)status, "application/problem+json");
        _tool.Input = $"{Line(1)}\n{Line(2)}\n";
        Assert.Equal(code, await _tool.RunAsync("submit", "-", "--keep-going"));
        Assert.Single(_tool.Gateway.Requests);
        Assert.StartsWith("0 accepted. Lines 1 to 2 were refused together, and nothing behind them was sent.", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(status == 413, _tool.Error.Contains("--batch", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnswerOfSomethingElse_IsNotTakenForOne()
    {
        _tool.Gateway.On(Route, Answer(("a", 202)));
        _tool.Input = $"{Line(1)}\n{Line(2)}\n";
        Assert.Equal(6, await _tool.RunAsync("submit", "-"));
        Assert.Contains("does not speak as a gateway does", _tool.Error, StringComparison.Ordinal);
    }

    /// <summary>Whoever is told that a gateway takes fewer at a time, and does as they are told, makes nothing twice.</summary>
    [Fact]
    public async Task SameLines_ByFewerAtATime_AreTheSameJobs()
    {
        using var still = _tool.Time.StandStill();
        var key = $"{Guid.NewGuid()}";
        _tool.Input = string.Concat(Enumerable.Range(1, 7).Select(i => Line(i) + "\n"));
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--batch", "5", "--idempotency-key", key));
        var ids = _tool.Lines;
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--batch", "2", "--idempotency-key", key));
        Assert.Equal(ids, _tool.Lines);
    }

    [Fact]
    public async Task Blocks_MayBeSmaller_ForGatewaysThatTakeNoMore()
    {
        using var still = _tool.Time.StandStill();
        _tool.Input = string.Concat(Enumerable.Range(1, 5).Select(i => Line(i) + "\n"));
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--block", "3", "--batch", "2", "--idempotency-key", "small"));
        Assert.Equal([$"{Line(1)}\n{Line(2)}\n", $"null\nnull\n{Line(3)}\n", $"{Line(4)}\n{Line(5)}\n"], Bodies);
        Assert.Equal(["\"small/3/1\"", "\"small/3/1\"", "\"small/3/2\""], Keys);
        Assert.Equal(5, _tool.Lines.Distinct().Count());
    }

    /// <summary>The rate of a job's key is that line's own business, and may hold for an hour: the others are none of it.</summary>
    [Fact]
    public async Task LineThatItsKeyRefuses_IsRefused_AndTheOthersGoOn()
    {
        using var still = _tool.Time.StandStill();
        const string refused = """{"items":[{"status":429,"problem":{"type":"urn:orleansjobs:problem:key-rate","title":"Too soon.","status":429}},{"status":202,"job":{"id":"b"}}]}""";
        _tool.Gateway.On(Route, refused).On(Route, Answer(("c", 202)));
        _tool.Input = $"{Line(1)}\n{Line(2)}\n{Line(3)}\n";
        Assert.Equal(6, await _tool.RunAsync("submit", "-", "--batch", "2", "--keep-going"));
        Assert.Equal(["b", "c"], _tool.Lines);
        Assert.Equal(2, _tool.Gateway.Requests.Count);
        Assert.Equal("Line 1: Too soon. (429)\n2 accepted, 1 refused.\n", _tool.Error);
    }

    /// <summary>A caller that is held to a few requests a second waits longer for a batch than a gateway may be away.</summary>
    [Fact]
    public async Task GatewayThatAsksToWait_IsWaitedFor()
    {
        _tool.Gateway.OnProblem(Route, 429, "Too many requests.", retryAfter: 250).OnProblem(Route, 429, "Too many requests.", retryAfter: 250).On(Route, Answer(("a", 202)));
        _tool.Input = Line(1);
        var started = _tool.Time.GetUtcNow();
        Assert.Equal(0, await _tool.RunAsync("submit", "-"));
        Assert.Equal(["a"], _tool.Lines);
        Assert.InRange(_tool.Time.GetUtcNow() - started, TimeSpan.FromSeconds(500), TimeSpan.FromSeconds(510));
    }

    /// <summary>Lines with an id go in a request of their own, before the others.</summary>
    [Theory]
    [InlineData(401, "application/problem+json", "The other lines from 1 to 2 were refused together, and nothing behind them was sent.", 7)]
    [InlineData(200, "text/html", "What came of the other lines from 1 to 2 is not known; nothing behind them was sent. Where an --idempotency-key was given, all may be sent again.", 6)]
    public async Task WhatWasAnswered_IsTold_WhateverBecomesOfTheRest(int status, string type, string told, int code)
    {
        _tool.Gateway.On(Route, Answer(("", 400), ("mine", 202))).On(Route, status == 200 ? "<html>" : """{"title":"No.","status":401}""", (HttpStatusCode)status, type);
        _tool.Input = $$"""
            {{Line(1)}}
            {"type":"longtask","id":"mine"}
            """;
        Assert.Equal(code, await _tool.RunAsync("submit", "-"));
        Assert.Equal(["mine"], _tool.Lines);
        Assert.StartsWith($"1 accepted. {told}\n", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusalAfterALostAnswer_SaysThatNobodyKnows()
    {
        _tool.Gateway.On(Route, () => throw new HttpRequestException("reset")).OnProblem(Route, 401, "No such key.");
        _tool.Input = Line(1);
        Assert.Equal(7, await _tool.RunAsync("submit", "-"));
        Assert.StartsWith("0 accepted. What came of lines 1 to 1 is not known;", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutputThatCannotBeWritten_IsSaidToBe_WithWhatWasAccepted()
    {
        _tool.Printed = new FullDisk();
        _tool.Input = $"{Line(1)}\n{Line(2)}\n{Line(3)}\n";
        Assert.Equal(6, await _tool.RunAsync("submit", "-", "--batch", "2"));
        Assert.Equal("2 accepted. Not all of it could be printed. Nothing behind line 2 was sent.\nThe output cannot be written: No space left on device\n", _tool.Error);
        Assert.Single(_tool.Gateway.Requests);
    }

    [Fact]
    public async Task CtrlC_EndsItAfterTheBatchUnderWay()
    {
        _tool.Gateway.On(Route, () => null).On(Route, () =>
        {
            Interrupt();
            return null;
        });
        _tool.Input = string.Concat(Enumerable.Range(1, 20).Select(i => Line(i) + "\n"));
        Assert.Equal(130, await _tool.RunAsync("submit", "-", "--batch", "3", "--idempotency-key", $"{Guid.NewGuid()}"));
        Assert.Equal(2, _tool.Gateway.Requests.Count);
        Assert.Equal(6, _tool.Lines.Length);
        Assert.Equal("6 accepted. Interrupted. Nothing behind line 6 was sent.\n", _tool.Error);
    }

    [Fact]
    public async Task CtrlC_WhileTheGatewayIsAway_SaysWhatIsNotKnown()
    {
        _tool.Gateway.On(Route, () =>
        {
            Interrupt();
            throw new HttpRequestException("reset");
        });
        _tool.Input = $"{Line(1)}\n{Line(2)}\n";
        Assert.Equal(130, await _tool.RunAsync("submit", "-"));
        Assert.Single(_tool.Gateway.Requests);
        Assert.Equal("0 accepted, 2 unknown: the answer was lost. Interrupted. Nothing behind line 2 was sent.\n", _tool.Error);
    }

    [Fact]
    public async Task CtrlC_WhileNothingComes_EndsItAtOnce()
    {
        // Where the first request of a process is made for the first time, the clock has passed all that a request may take before it is seen, and its answer is late.
        _tool.Input = Line(0);
        Assert.Equal(0, await _tool.RunAsync("submit", "-"));
        // Two lines, and then nothing more for as long as it runs: what has come is sent all the same.
        var came = new TaskCompletionSource();
        _tool.InputBytes = new Drip(Encoding.UTF8.GetBytes($"{Line(1)}\n{Line(2)}\n{Line(3)}"), new TaskCompletionSource().Task);
        _tool.Gateway.On(Route, () =>
        {
            // Its answer is on its way: it is not to be late.
            _tool.Time.StandStill();
            came.TrySetResult();
            return null;
        });
        var run = _tool.RunAsync("submit", "-");
        await came.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await _tool.Interrupt.CancelAsync();
        Assert.Equal(130, await run);
        // What is under way comes to its end: one line, or both where they were read in time.
        Assert.InRange(_tool.Lines.Length, 1, 2);
        Assert.DoesNotContain("unknown", _tool.Error, StringComparison.Ordinal);
        Assert.Contains("Interrupted.", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AsJson_EachLineHasItsAnswer()
    {
        _tool.Input = $"{Line(1)}\n[]\n{{\"type\":\"nope\"}}\n";
        Assert.Equal(5, await _tool.RunAsync("submit", "-", "--keep-going", "--json"));
        var lines = _tool.Lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        Assert.Equal([(1, 202), (2, 400), (3, 422)], lines.Select(line => (line.GetProperty("line").GetInt32(), line.GetProperty("status").GetInt32())));
        Assert.Equal("PENDING", lines[0].GetProperty("job").GetProperty("state").GetString());
        Assert.Equal("It is no object with the members of a submit.", lines[1].GetProperty("problem").GetProperty("detail").GetString());
        Assert.Equal("urn:orleansjobs:problem:unknown-type", lines[2].GetProperty("problem").GetProperty("type").GetString());
    }

    [Fact]
    public async Task OnATerminal_ItTellsHowFarItIs_AndNothingElseWithQuiet()
    {
        _tool.IsErrorTerminal = true;
        _tool.Input = $"{Line(1)}\n{Line(2)}\n";
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--quiet"));
        Assert.Equal("", _tool.Out);
        Assert.StartsWith("\r2 accepted, ", _tool.Error, StringComparison.Ordinal);
        Assert.Matches(@"\r\u001b\[K2 accepted in .*, .* a second\.\n\z", _tool.Error);
        _tool.IsErrorTerminal = false;
        Assert.Equal(0, await _tool.RunAsync("submit", "-", "--quiet"));
        Assert.Equal("", _tool.Error);
    }

    [Fact]
    public async Task NoLines_AreNoMistake()
    {
        _tool.Input = "\n \r\n";
        Assert.Equal(0, await _tool.RunAsync("submit", "-"));
        Assert.Equal(("", ""), (_tool.Out, _tool.Error));
        Assert.Empty(_tool.Gateway.Requests);
    }

    [Fact]
    public async Task InputThatCannotBeRead_IsSaidToBe()
    {
        _tool.InputBytes = new Drip(Encoding.UTF8.GetBytes(Line(1) + "\n"), Task.FromException(new IOException("The pipe is broken.")));
        Assert.Equal(2, await _tool.RunAsync("submit", "-"));
        Assert.EndsWith("The standard input cannot be read: The pipe is broken.\n", _tool.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("submit", "-", "{}")]
    [InlineData("submit", "-", "--queue", "q")]
    [InlineData("submit", "-", "--watch")]
    [InlineData("submit", "-", "--arg", "a=1")]
    [InlineData("submit", "-", "--id", "mine")]
    [InlineData("submit", "-", "--batch", "0")]
    [InlineData("submit", "-", "--batch", "1001")]
    [InlineData("submit", "-", "--block", "100")]
    [InlineData("submit", "-", "--idempotency-key", "k", "--block", "0")]
    [InlineData("submit", "-", "--idempotency-key", "k", "--block", "1001")]
    [InlineData("submit", "-", "--idempotency-key", "a b")]
    [InlineData("submit", "-", "--idempotency-key", "241")]
    [InlineData("submit", "longtask", "--keep-going")]
    [InlineData("submit", "longtask", "--quiet")]
    [InlineData("submit", "longtask", "--batch", "7")]
    [InlineData("submit", "longtask", "--block", "7")]
    public async Task WhatIsNotPlain_IsNotSent(params string[] arguments)
    {
        _tool.Input = Line(1);
        Assert.Equal(2, await _tool.RunAsync(Array.ConvertAll(arguments, argument => argument == "241" ? new string('k', 241) : argument)));
        Assert.NotEmpty(_tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task Lines_AreReadHoweverTheyCome(int piece)
    {
        var bytes = Encoding.UTF8.GetBytes("\ufeffone\r\n\n" + new string('x', 20) + "\nthree\n" + new string('y', 21) + "\n" + new string('z', 300_000) + "\nlast");
        var reader = new LineReader(new Drip(bytes, Task.CompletedTask, piece), 20);
        var lines = new List<(long, string)>();
        while (await reader.ReadAsync(default) is { } line) lines.Add((line.Number, line.IsTooLong ? "too long" : Encoding.UTF8.GetString(line.Bytes.Span)));
        Assert.Equal([(1, "one\r"), (2, ""), (3, new string('x', 20)), (4, "three"), (5, "too long"), (6, "too long"), (7, "last")], lines);
    }

    [Fact]
    public async Task Batches_AreBoundedInBytes_AndTheirLinesKeepTheirPlaces()
    {
        var line = $$$"""{"type":"longtask","args":{"a":"{{{new string('x', 900_000)}}}"}}""";
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line + "\n", 10))));
        using var reader = new BatchReader(input, 100, 7, TimeProvider.System, default);
        var batches = new List<(int Block, int Offset, int Lines)>();
        while (await reader.ReadAsync(default) is { } batch)
        {
            batches.Add((batch.Block, batch.Offset, batch.Entries.Count));
            var lines = Encoding.UTF8.GetString(batch.Write(batch.Entries.Count, _ => true)!).TrimEnd('\n').Split('\n');
            Assert.Equal([.. Enumerable.Repeat("null", batch.Offset), .. Enumerable.Repeat(line, batch.Entries.Count)], lines);
        }

        // Where the machine is slow, what has come by then may be less than a full batch: its places are the same.
        Assert.Equal(10, batches.Sum(batch => batch.Lines));
        Assert.All(batches, batch => Assert.InRange(batch.Lines, 1, 4));
        Assert.Equal([1, 2], batches.Select(batch => batch.Block).Distinct());
        Assert.Equal(7, batches.Where(batch => batch.Block == 1).Sum(batch => batch.Lines));
        Assert.All(batches.Where(batch => batch.Offset > 0), batch => Assert.Equal(batch.Offset, batches.Where(other => other.Block == batch.Block && other.Offset < batch.Offset).Sum(other => other.Lines)));
    }

    private void Interrupt()
    {
        _tool.Time.StandStill();
        _tool.Interrupt.Cancel();
    }

    private string[] Bodies => [.. _tool.Gateway.Requests.Select(request => request.Body)];

    private string[] Keys => [.. _tool.Gateway.Requests.Select(request => request.Message.Headers.TryGetValues("Idempotency-Key", out var keys) ? keys.Single() : "")];

    private static string Line(int number) => $$$"""{"type":"longtask","args":{"n":{{{number}}}}}""";

    private static string Answer(params (string Id, int Status)[] items) => JsonSerializer.Serialize(new
    {
        items = items.Select(item => item.Status == 202
            ? (object)new { status = 202, job = new { id = item.Id } }
            : new { status = item.Status, problem = new { title = "Not now.", status = item.Status } }),
    });

    private sealed class FullDisk : StringWriter
    {
        public override void Write(string? value) => throw new IOException("No space left on device");
    }

    /// <summary>Comes in pieces, and ends when it is said, or never.</summary>
    private sealed class Drip(byte[] bytes, Task end, int piece = int.MaxValue) : Stream
    {
        private int _place;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_place == bytes.Length) await end;
            var count = Math.Min(Math.Min(piece, buffer.Length), bytes.Length - _place);
            bytes.AsSpan(_place, count).CopyTo(buffer.Span);
            _place += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
