using System.Text.Json;
using OrleansJobs.Tool.Top;

namespace OrleansJobs.Tests.Tool;

/// <summary>A frame is made of figures alone.</summary>
public class TopFrameTests
{
    private static readonly TopView View = new("http://localhost:8080/", TimeSpan.FromSeconds(2));

    private static readonly Figures Busy = new()
    {
        At = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), Backlog = 12_345, Running = 31, Slots = 64, OldestWaitingSeconds = 75.5, InPerSecond = 20, DonePerSecond = 12.25,
        Queues = [Of("default", 12_000, 30, 12.1, 0.02), Of("mail", 345, 1, 0.15, 0) with { IsPaused = true }],
        Types = [Of("longtask", 12_300, 30, 12, 0.02), Of("wordcount", 45, 1, 0.25, 3)],
        Silos = [new("silo-1", 30, 32, 1, 16, true, [new("longtask", "a", 65.2, true), new("wordcount", "b", 3, false)]), new("silo-2", 1, 32, 0, 16, false, [])],
    };

    [Fact]
    public void Frame_ShowsTheGrid()
    {
        var lines = Texts(Frame.Render(Busy, View, 100, 20));
        Assert.Equal(
            """
            OrleansJobs  http://localhost:8080/  2026-01-31 12:00:00Z  every 2 s
            12,345 due (oldest 1 min 15 s)   31 running in 64 slots   20 in and 12.3 done a second

            QUEUE          PENDING  RUNNING  DONE/S  FAILED/S  IN/S     RUN P50  RUN P95
            default         12,000       30    12.1      <0.1     1  1 min 15 s   250 ms
            mail (paused)      345        1     0.2         0     1  1 min 15 s   250 ms

            TYPE       PENDING  RUNNING  DONE/S  FAILED/S  IN/S     RUN P50  RUN P95
            longtask    12,300       30      12      <0.1     1  1 min 15 s   250 ms
            wordcount       45        1     0.3         3     1  1 min 15 s   250 ms

            SILO    BUSY  SLOTS  PARTITIONS
            silo-1    30     32          16  draining  1 stuck  longtask stuck 1 min 5 s  wordcount 3 s
            silo-2     1     32          16
            """.Split('\n'), lines[..14].Select(line => line.TrimEnd()));
        Assert.All(lines[14..^1], line => Assert.Equal("", line));
        Assert.StartsWith("q quit", lines[^1], StringComparison.Ordinal);
        Assert.Equal(20, lines.Length);
        Assert.Equal(LineStyle.Title, Frame.Render(Busy, View, 100, 20)[0].Style);
    }

    /// <summary>Whatever the size: a line too many would scroll, a cell too many would wrap, and a stray character would move the cursor.</summary>
    [Fact]
    public void Frame_FitsIntoEverySize()
    {
        var crowd = Busy with
        {
            Stuck = 1, Orphans = 2,
            Queues = [.. Enumerable.Range(0, 40).Select(i => Of($"queue-{i}-{new string('x', i)}", i * 1000L * i, i, i, i))],
            Types = [.. Enumerable.Range(0, 40).Select(i => Of($"型-{i}\u001b[2J\r\n", i, i, i / 7.0, null))],
            Silos = [.. Enumerable.Range(0, 20).Select(i => new SiloFigures($"silo\t{i}", i, 32, 0, 8, false, [.. Enumerable.Range(0, 10).Select(j => new SlotJob("longtask", "a", j, false))]))],
        };
        foreach (var figures in (Figures[])[new(), Busy, crowd])
        {
            for (var width = 0; width < 140; width++)
            {
                for (var height = 0; height < 45; height++)
                {
                    var lines = Frame.Render(figures, View with { Trouble = "The gateway is away.\nFor long." }, width, height);
                    Assert.True(lines.Count == (width == 0 ? 0 : height), $"{lines.Count} lines in {width} x {height}");
                    foreach (var (text, _) in lines)
                    {
                        Assert.True(Cells.Of(text) <= width, $"'{text}' in {width} x {height}");
                        Assert.False(text.Any(char.IsControl), text);
                    }
                }
            }
        }
    }

    [Fact]
    public void SmallWindow_KeepsWhatMattersMost()
    {
        var many = Busy with { Queues = [.. Enumerable.Range(0, 30).Select(i => Of($"q{i:00}", i, 0, 0, 0))] };
        var lines = Texts(Frame.Render(many, View, 100, 20));
        // The busiest come first, and how many are left out is said.
        Assert.StartsWith("q29 ", lines[4], StringComparison.Ordinal);
        Assert.Contains("  24 more", lines);
        Assert.Contains(lines, line => line.StartsWith("wordcount", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("silo-2", StringComparison.Ordinal));

        var narrow = Texts(Frame.Render(Busy, View, 40, 20));
        Assert.Contains(narrow, line => line.StartsWith("QUEUE", StringComparison.Ordinal) && line.EndsWith("DONE/S", StringComparison.Ordinal));
        Assert.DoesNotContain(narrow, line => line.Contains("P95", StringComparison.Ordinal));
    }

    [Fact]
    public void Trouble_IsToldAboveTheLastFigures()
    {
        var lines = Frame.Render(Busy with { Stuck = 2, Orphans = 1 }, View with { Trouble = "The gateway is away." }, 100, 30);
        Assert.Equal(["These are the last figures: The gateway is away.", "2 slots are stuck: their handlers do not return", "1 jobs are orphans: nothing would wake them"],
            lines.Where(line => line.Style == LineStyle.Alarm).Select(line => line.Text));
        Assert.Contains(lines, line => line.Text.StartsWith("default", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData((int)TopOrder.Waiting, "b c a")]
    [InlineData((int)TopOrder.Running, "a b c")]
    [InlineData((int)TopOrder.Done, "c a b")]
    [InlineData((int)TopOrder.Failed, "a c b")]
    [InlineData((int)TopOrder.Name, "a b c")]
    public void Rows_AreSorted(int order, string expected)
    {
        Traffic[] all = [Of("b", 9, 2, null, null), Of("c", 5, 1, 8, 1), Of("a", 0, 3, 2, 5)];
        Assert.Equal(expected, string.Join(' ', Frame.Sort(all, (TopOrder)order).Select(one => one.Name)));
    }

    [Theory]
    [InlineData(new[] { 3, 3, 3 }, 9, new[] { 3, 3, 3 })]
    [InlineData(new[] { 3, 3, 3 }, 100, new[] { 3, 3, 3 })]
    [InlineData(new[] { 30, 2, 1 }, 9, new[] { 6, 2, 1 })]
    [InlineData(new[] { 30, 30, 30 }, 8, new[] { 3, 3, 2 })]
    [InlineData(new[] { 30, 0, 30 }, 1, new[] { 1, 0, 0 })]
    [InlineData(new[] { 1, 1, 1 }, -3, new[] { 0, 0, 0 })]
    [InlineData(new int[0], 5, new int[0])]
    public void Room_IsShared(int[] wanted, int room, int[] given) => Assert.Equal(given, Frame.Share(wanted, room));

    [Theory]
    [InlineData("abc", 5, "abc  ", "  abc")]
    [InlineData("abcdef", 5, "abcd…", "abcd…")]
    [InlineData("日本語", 6, "日本語", "日本語")]
    [InlineData("日本語", 5, "日本…", "日本…")]
    [InlineData("日本語", 4, "日… ", " 日…")]
    [InlineData("abc", 1, "…", "…")]
    [InlineData("abc", 0, "", "")]
    public void Cells_AreFilled(string text, int cells, string left, string right)
    {
        Assert.Equal(left, Cells.Fit(text, cells));
        Assert.Equal(right, Cells.Fit(text, cells, isRight: true));
        Assert.Equal(cells, Cells.Of(Cells.Fit(text, cells)));
    }

    [Fact]
    public void Figures_AreReadFromTheGatewaysAnswers()
    {
        var figures = Figures.Of(
            JsonSerializer.Deserialize<JsonElement>("""
                {"backlog":7,"running":3,"slots":32,"oldestWaitingSeconds":1.5,"submittedPerSecond":2,"finishedPerSecond":1,"stuckSlots":1,"orphans":0,
                 "counts":[{"state":"PENDING","queue":"q","type":"a","jobs":5},{"state":"PENDING","queue":"q","type":"b","jobs":2},{"state":"PROGRESS","queue":"q","type":"a","jobs":3},
                           {"state":"SUCCESS","queue":"old","type":"old","jobs":99}],
                 "silos":[{"address":"10.0.0.1:11111","name":"s","slots":32,"busy":3,"stuck":1,"draining":true,"partitions":16,"jobs":[{"id":"j","type":"a","runningSeconds":6.5,"stuck":true}]}]}
                """),
            JsonSerializer.Deserialize<JsonElement>("""[{"name":"q","paused":false,"pending":7,"running":3},{"name":"held","paused":true,"pending":0,"running":0}]"""),
            JsonSerializer.Deserialize<JsonElement>("""
                {"from":"2026-01-31T12:00:00Z","at":"2026-01-31T12:01:40Z",
                 "queues":[{"name":"q","submitted":200,"succeeded":90,"failed":10,"cancelled":0,"runSeconds":{"count":100,"p50":0.5,"p95":2,"p99":3}}],
                 "types":[{"name":"a","submitted":200,"succeeded":90,"failed":10,"cancelled":0}]}
                """),
            default);
        Assert.Equal((7, 3, 32, 1.5, 2d, 1d, 1, 0), (figures.Backlog, figures.Running, figures.Slots, figures.OldestWaitingSeconds, figures.InPerSecond, figures.DonePerSecond, figures.Stuck, figures.Orphans));
        Assert.Equal((Traffic[])[new("q", 7, 3, 2, 1, 0.1, 0.5, 2, false), new("held", 0, 0, 0, 0, 0, null, null, true)], figures.Queues);
        Assert.Equal((Traffic[])[new("a", 5, 3, 2, 1, 0.1, null, null, false), new("b", 2, 0, 0, 0, 0, null, null, false)], figures.Types);
        var silo = Assert.Single(figures.Silos);
        Assert.Equal(("s", 3, 32, 1, 16, true), (silo.Name, silo.Busy, silo.Slots, silo.Stuck, silo.Partitions, silo.IsDraining));
        Assert.Equal(new SlotJob("a", "j", 6.5, true), Assert.Single(silo.Jobs));
    }

    [Fact]
    public void Figures_OfAGatewayThatSaysLess_AreThereAllTheSame()
    {
        var nothing = JsonSerializer.Deserialize<JsonElement>("{}");
        var figures = Figures.Of(nothing, nothing, null, default);
        Assert.Empty(figures.Queues);
        Assert.Equal(5, Frame.Render(figures, View, 80, 5).Count);
        // Without history, rates are not known, and not said to be none.
        var counted = Figures.Of(JsonSerializer.Deserialize<JsonElement>("""{"counts":[{"state":"PENDING","queue":"q","type":"a","jobs":5}]}"""), nothing, null, default);
        Assert.Equal(new Traffic("q", 5, 0, null, null, null, null, null, false), Assert.Single(counted.Queues));
    }

    private static string[] Texts(IReadOnlyList<FrameLine> lines) => [.. lines.Select(line => line.Text)];

    private static Traffic Of(string name, long pending, long running, double? done, double? failed) => new(name, pending, running, 1, done, failed, 75, 0.25, false);
}
