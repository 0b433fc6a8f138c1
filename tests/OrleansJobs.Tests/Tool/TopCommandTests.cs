using System.Text.Json;
using System.Threading.Channels;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tool.Top;

namespace OrleansJobs.Tests.Tool;

public class TopCommandTests
{
    // A real gateway reads the requests, by the real clock, which is years away from the tool's: rates are asked for by the gateway's.
    private static readonly DateTimeOffset Minute = new(TimeProvider.System.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
    private readonly ToolRun _tool = new();

    public TopCommandTests()
    {
        _tool.Gateway.On("GET /stats/history?step=minute", $$"""{"at":"{{Instant(2)}}","from":"{{Instant(-7000)}}"}""");
        _tool.Gateway.On($"GET /stats/history?step=minute&from={Uri.EscapeDataString(Instant(-60))}",
            $$"""{"at":"{{Instant(20)}}","from":"{{Instant(-60)}}","queues":[{"name":"mail","succeeded":160,"failed":0,"cancelled":0}]}""");
        _tool.Gateway.On("GET /queues", "[]");
        _tool.Gateway.On("GET /stats", Stats(1));
    }

    [Fact]
    public async Task Top_ShowsTheGridAgainAndAgain_UntilQIsPressed()
    {
        _tool.Gateway.On("GET /stats", Stats(2)).On("GET /stats", Stats(3));
        var terminal = new FakeTerminal(_tool.Time, (frames, keys) =>
        {
            if (frames == 3) keys('q');
        });
        _tool.Terminal = terminal;
        var began = _tool.Time.GetUtcNow();
        Assert.Equal(0, await _tool.RunAsync("top"));
        Assert.Equal(TimeSpan.FromSeconds(4), _tool.Time.GetUtcNow() - began);
        Assert.Equal(["1", "2", "3"], terminal.Frames.Select(frame => frame.Split(" due")[0].Split('\n')[^1]));
        Assert.Contains("\nmail           0        0       2 ", terminal.Frames[0].Replace("\r", "", StringComparison.Ordinal), StringComparison.Ordinal);
        // The other screen is entered once, drawn over, and left.
        Assert.StartsWith("\u001b[?1049h", terminal.Written[0], StringComparison.Ordinal);
        Assert.All(terminal.Written[1..^1], frame => Assert.StartsWith("\u001b[?2026h\u001b[H", frame, StringComparison.Ordinal));
        Assert.DoesNotContain(terminal.Written[1..^1], frame => frame.Contains("\u001b[2J", StringComparison.Ordinal));
        Assert.EndsWith("\u001b[?1049l", terminal.Written[^1], StringComparison.Ordinal);
        Assert.Equal(("", ""), (_tool.Out, _tool.Error));
    }

    [Fact]
    public async Task Every_SaysHowOften()
    {
        _tool.Gateway.On("GET /stats", Stats(2));
        _tool.Terminal = new FakeTerminal(_tool.Time, (frames, keys) =>
        {
            if (frames == 2) keys('Q');
        });
        var began = _tool.Time.GetUtcNow();
        Assert.Equal(0, await _tool.RunAsync("top", "--every", "30s"));
        Assert.Equal(TimeSpan.FromSeconds(30), _tool.Time.GetUtcNow() - began);
    }

    [Fact]
    public async Task Keys_SortRowsAtOnce_AndSoDoesAnotherSize()
    {
        var terminal = new FakeTerminal(_tool.Time, (frames, keys) => keys(frames switch { 1 => 'n', 2 => 'f', 3 => TopKeys.Resized, _ => 'q' }));
        _tool.Terminal = terminal;
        // Nothing of it has to wait.
        using var still = _tool.Time.StandStill();
        var began = _tool.Time.GetUtcNow();
        Assert.Equal(0, await _tool.RunAsync("top"));
        Assert.Equal(began, _tool.Time.GetUtcNow());
        Assert.Single(_tool.Gateway.Routes, route => route == "GET /stats");
        Assert.Equal(["wait-most", "a-first", "a-first", "a-first"], terminal.Frames.Select(frame => frame.Split("TYPE")[1].Split('\n')[1].Split(' ')[0].Trim()));
        Assert.Equal([30, 30, 30, 12], terminal.Frames.Select(frame => frame.Split('\n').Length));
    }

    [Fact]
    public async Task GatewayThatIsAway_LeavesTheLastFigures_UntilItIsBack()
    {
        _tool.Gateway.OnProblem("GET /stats", 503, "Away.").On("GET /stats", Stats(2));
        var terminal = new FakeTerminal(_tool.Time, (frames, keys) =>
        {
            if (frames == 4) keys('q');
        });
        _tool.Terminal = terminal;
        Assert.Equal(0, await _tool.RunAsync("top"));
        Assert.Equal([false, true, false], terminal.Frames.Take(3).Select(frame => frame.Contains("These are the last figures: Away. (503)", StringComparison.Ordinal)));
        Assert.StartsWith("1 due", terminal.Frames[1].Split('\n')[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotAllowed_EndsIt_OnTheScreenThatWasThere()
    {
        _tool.Gateway.OnProblem("GET /stats", 403, "Not for this key.");
        var terminal = new FakeTerminal(_tool.Time, (_, _) => { });
        _tool.Terminal = terminal;
        Assert.Equal(7, await _tool.RunAsync("top"));
        Assert.EndsWith("\u001b[?1049l", terminal.Written[^1], StringComparison.Ordinal);
        Assert.StartsWith("Not for this key. (403)\n", _tool.Error, StringComparison.Ordinal);

        var other = new ToolRun { Terminal = new FakeTerminal(_tool.Time, (_, _) => Assert.Fail("Nothing is drawn of what is not known.")) };
        other.Gateway.OnProblem("GET /stats", 503, "Away.");
        Assert.Equal(6, await other.RunAsync("top"));
    }

    [Fact]
    public async Task CtrlC_LeavesTheTerminalAsItWas()
    {
        var terminal = new FakeTerminal(_tool.Time, (_, _) => _tool.Interrupt.Cancel());
        _tool.Terminal = terminal;
        Assert.Equal(130, await _tool.RunAsync("top"));
        Assert.EndsWith("\u001b[?25h\u001b[?1049l", terminal.Written[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutATerminal_ItIsShownOnce()
    {
        Assert.Equal(0, await _tool.RunAsync("top"));
        Assert.Matches(@"\ADue +1\nOldest +none\nRunning +1 of 8 slots\n", _tool.Out);
        Assert.Contains("mail\t0\t0\t2\t0\t0\t\t\t\n", _tool.Out, StringComparison.Ordinal);
        Assert.Contains("s\t1\t8\t32\tlongtask 1 min 5 s\n", _tool.Out, StringComparison.Ordinal);
        _tool.Terminal = new FakeTerminal(_tool.Time, (_, _) => Assert.Fail("JSON is not drawn."));
        Assert.Equal(0, await _tool.RunAsync("top", "--json"));
        Assert.Equal(["stats", "queues", "history"], JsonSerializer.Deserialize<JsonElement>(Assert.Single(_tool.Lines)).EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.5")]
    [InlineData("61m")]
    [InlineData("soon")]
    public async Task Every_OfWhatIsNoSuchTime_AsksNothing(string every)
    {
        Assert.Equal(2, await _tool.RunAsync("top", "--every", every));
        Assert.NotEmpty(_tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    private static string Instant(int seconds) => Minute.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static string Stats(int backlog) => $$"""
        {"backlog":{{backlog}},"running":1,"slots":8,"oldestWaitingSeconds":0,"submittedPerSecond":0,"finishedPerSecond":0,"stuckSlots":0,"orphans":0,
         "counts":[{"state":"PENDING","queue":"default","type":"wait-most","jobs":9},{"state":"PENDING","queue":"default","type":"a-first","jobs":3}],
         "silos":[{"address":"x","name":"s","slots":8,"busy":1,"stuck":0,"draining":false,"partitions":32,"types":[],"jobs":[{"id":"a","type":"longtask","queue":"default","runningSeconds":65,"stuck":false}]}]}
        """;

    /// <summary>Presses keys when it has seen a frame.</summary>
    /// <param name="time">Stands still from a key on: what it does is done before anything that has to wait.</param>
    private sealed class FakeTerminal(ManualTime time, Action<int, Action<char>> seen) : ITerminal
    {
        private readonly Channel<char> _keys = Channel.CreateUnbounded<char>();
        private int _height = 30;

        public List<string> Written { get; } = [];

        /// <summary>What could be read of them.</summary>
        public List<string> Frames { get; } = [];

        public (int Width, int Height) Size => (100, _height);

        public ChannelReader<char> Pressed => _keys.Reader;

        public IDisposable OnAway(Action away, Action back) => new CancellationTokenSource();

        public void Write(string text)
        {
            Written.Add(text);
            if (!text.StartsWith("\u001b[?2026h", StringComparison.Ordinal)) return;
            Frames.Add(System.Text.RegularExpressions.Regex.Replace(text, "\u001b\\[[?0-9;]*[A-Za-z]", "").Replace("\r", "", StringComparison.Ordinal));
            seen(Frames.Count, key =>
            {
                if (key == TopKeys.Resized) _height = 12;
                time.StandStill();
                _keys.Writer.TryWrite(key);
            });
        }
    }
}

/// <summary>In a terminal as there is one, against a grid as there is one.</summary>
public sealed class TopInATerminalTests(GridHost grid) : IClassFixture<GridHost>
{
    [Theory]
    [InlineData("q", 0)]
    [InlineData("\u0003", 130)]
    public async Task Top_IsDrawn_AndLeavesTheTerminalAsItWas(string key, int code)
    {
        var (output, ended, isRestored) = await PseudoTerminal.RunAsync(
            ["orleansjobs", "top", "--url", grid.Address.ToString()], PseudoTerminal.Environment(),
            // A second frame, with the rows in another order, before it is left.
            (@"running in \d+ slots.*SILO.*n name", "n"), (@"running in \d+ slots.*n name", key));
        Assert.True(ended == code, output);
        Assert.True(isRestored, "The terminal is not as it was.");
        Assert.Contains("\u001b[?1049h", output, StringComparison.Ordinal);
        Assert.EndsWith("\u001b[?25h\u001b[?1049l", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CtrlZ_LeavesTheTerminalToTheShell_AndItIsDrawnAnewWhenItIsBack()
    {
        var (output, code, _) = await PseudoTerminal.RunAsync(
            ["bash", "--norc", "--noprofile", "-i"], PseudoTerminal.Environment(),
            (".", "PS1='rea''dy> '\n"),
            ("ready> ", $"orleansjobs top --url {grid.Address}\n"),
            (@"running in \d+ slots.*n name", "\u001a"),
            // The screen that was there, with a cursor, before the shell says anything on it.
            (@"\x1b\[\?25h\x1b\[\?1049l.*Stopped.*ready> ", "fg\n"),
            (@"\x1b\[\?1049h.*running in \d+ slots.*n name", "q"),
            (@"\x1b\[\?1049l.*ready> ", "exit\n"));
        Assert.True(code == 0, output);
    }
}
