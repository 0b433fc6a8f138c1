using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Commands;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Top;

/// <summary><c>top</c>: the grid at a glance, again and again; where there is no terminal, once.</summary>
internal sealed class TopCommand : Command
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Option<double?> _every = new("--every") { Description = "How often it is looked at, 1s to 1h. Default: 2s.", CustomParser = Durations.Parse };

    public TopCommand(ToolApp app) : base("top", "Shows what waits, runs and is done by queue and type, and what the silos do, as it changes.")
    {
        Add(_every);
        app.SetAction(this, async (session, parsed, cancellation) =>
        {
            var seconds = parsed.GetValue(_every) ?? 2;
            // The gateway's figures are a second old.
            if (seconds < 1 || seconds > Longest.TotalSeconds) throw new UsageException("--every is 1s to 1h.");
            var reader = new FigureReader(session.Gateway, session.Surroundings.Time);
            var (figures, json) = await reader.ReadAsync(cancellation);
            if (session.Surroundings.Terminal is { } terminal && !session.Printer.AsJson)
                await ShowAsync(terminal, reader, figures, new(session.Gateway.Url.AbsoluteUri, TimeSpan.FromSeconds(seconds)), session.Surroundings.Time, cancellation);
            else
                Print(session.Printer, figures, json);
            return ExitCodes.Done;
        });
    }

    private static async Task ShowAsync(ITerminal terminal, FigureReader reader, Figures figures, TopView view, TimeProvider time, CancellationToken cancellation)
    {
        using var screen = new Screen(terminal);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<(Figures Figures, JsonElement Json)>? reading = null;
        Draw();
        var pause = Task.Delay(view.Every, time, end.Token);
        var pressed = terminal.Pressed.WaitToReadAsync(end.Token).AsTask();
        try
        {
            while (true)
            {
                await Task.WhenAny(pressed, reading ?? pause);
                cancellation.ThrowIfCancellationRequested();
                if (pressed.IsCompleted)
                {
                    while (terminal.Pressed.TryRead(out var key))
                    {
                        if (key is 'q' or 'Q') return;
                        view = view with { Order = OrderOf(key) ?? view.Order };
                    }

                    Draw();
                    // Where there are no keys any more, only time goes on.
                    pressed = await pressed ? terminal.Pressed.WaitToReadAsync(end.Token).AsTask() : new TaskCompletionSource<bool>().Task;
                }

                if (reading is { IsCompleted: true })
                {
                    (figures, view) = await TakeAsync(reading, figures, view);
                    Draw();
                    (reading, pause) = (null, Task.Delay(view.Every, time, end.Token));
                }
                else if (reading is null && pause.IsCompleted)
                {
                    // Keys are heard meanwhile.
                    reading = reader.ReadAsync(end.Token);
                }
            }
        }
        finally
        {
            // What is under way, and what waits, is of no use any more.
            await end.CancelAsync();
        }

        void Draw()
        {
            var (width, height) = terminal.Size;
            screen.Draw(Frame.Render(figures, view, width, height));
        }
    }

    /// <summary>A gateway that is away for a while leaves the last figures standing, and is asked again.</summary>
    private static async Task<(Figures Figures, TopView View)> TakeAsync(Task<(Figures Figures, JsonElement Json)> reading, Figures before, TopView view)
    {
        try
        {
            return ((await reading).Figures, view with { Trouble = null });
        }
        catch (GatewayException exception) when (exception.IsTransient)
        {
            return (before, view with { Trouble = exception.Message });
        }
    }

    private static TopOrder? OrderOf(char key) => char.ToLowerInvariant(key) switch
    {
        'w' => TopOrder.Waiting,
        'r' => TopOrder.Running,
        'd' => TopOrder.Done,
        'f' => TopOrder.Failed,
        'n' => TopOrder.Name,
        _ => null,
    };

    private static void Print(Printer printer, Figures figures, JsonElement json)
    {
        if (printer.AsJson)
        {
            printer.Json(json);
            return;
        }

        printer.Facts(
        [
            ("Due", Words.Of(figures.Backlog)), ("Oldest", figures.OldestWaitingSeconds > 0 ? Words.Of(TimeSpan.FromSeconds(figures.OldestWaitingSeconds)) : "none"),
            ("Running", $"{Words.Of(figures.Running)} of {Words.Of(figures.Slots)} slots"), ("In", $"{Frame.Rate(figures.InPerSecond)} a second"), ("Done", $"{Frame.Rate(figures.DonePerSecond)} a second"),
            ("Stuck slots", figures.Stuck > 0 ? Words.Of(figures.Stuck) : null), ("Orphans", figures.Orphans > 0 ? Words.Of(figures.Orphans) : null),
        ]);
        PrintTraffic("QUEUE", figures.Queues);
        PrintTraffic("TYPE", figures.Types);
        printer.Table(["SILO", "BUSY", "SLOTS", "PARTITIONS", "DOES"], figures.Silos.Select(silo => (string[])[silo.Name, Words.Of(silo.Busy), Words.Of(silo.Slots), Words.Of(silo.Partitions), Frame.Doing(silo)]), "No silos.");

        void PrintTraffic(string title, IReadOnlyList<Traffic> traffic) => printer.Table(
            [title, "PENDING", "RUNNING", "DONE/S", "FAILED/S", "IN/S", "RUN P50", "RUN P95", "PAUSED"],
            Frame.Sort(traffic, TopOrder.Waiting).Select(one => (string[])
            [
                one.Name, Words.Of(one.Pending), Words.Of(one.Running), Frame.Rate(one.DonePerSecond), Frame.Rate(one.FailedPerSecond), Frame.Rate(one.InPerSecond), Frame.Duration(one.RunP50),
                Frame.Duration(one.RunP95), one.IsPaused ? "yes" : "",
            ]), $"No {title.ToLowerInvariant()}s.");
    }
}
