namespace OrleansJobs.Samples;

/// <param name="To">Where the trip goes.</param>
/// <param name="SoldOut">A part that cannot be had: <c>flight</c>, <c>hotel</c> or <c>car</c>.</param>
public sealed record TripArgs(string To, string? SoldOut = null);

/// <param name="Bookings">Their numbers.</param>
public sealed record Trip(string To, IReadOnlyList<string> Bookings);

/// <summary>
/// A saga: books the parts of a trip one by one, waits for the traveller's word, and gives back what it has booked should anything of it fail. It is parked at every
/// await, for a day perhaps; the catch blocks run for a real failure only. Whoever has it retried when it has given things back is told the same again, although
/// the part that was sold out may be had by now: that part is given back as well.
/// </summary>
[Job("trip", Description = "Books flight, hotel and car, waits a day for the signal 'confirmed' (true or false), and gives all back unless it comes.")]
public sealed class TripFlow : IFlow<TripArgs, Trip>
{
    private static readonly string[] Parts = ["flight", "hotel", "car"];
    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    public async Task<Trip> RunAsync(TripArgs args, FlowContext flow, CancellationToken cancellation)
    {
        if (args.To is not { Length: > 0 }) throw new GiveUpException("to is missing.");
        // Built anew from what is remembered whenever the flow runs again.
        var booked = new Stack<(string Part, string Number)>();
        string? off = null;
        try
        {
            foreach (var part in Parts) booked.Push((part, await flow.JobAsync<string>(part, "book", new BookArgs(part, args.To, part == args.SoldOut))));
        }
        catch (ChildFailedException exception)
        {
            off = exception.Message;
        }

        // A step, since what failed may succeed where somebody has the flow retried: by then the rest has been given back.
        off = await flow.StepAsync("off", () => Task.FromResult(off)) ?? await WhyNotConfirmedAsync(flow);
        if (off is null) return new Trip(args.To, [.. booked.Reverse().Select(booking => booking.Number)]);
        while (booked.TryPop(out var booking)) await flow.JobAsync<bool>($"give back {booking.Part}", "give-back", new GiveBackArgs(booking.Number));
        throw new GiveUpException($"The trip to {args.To} is off: {off}");
    }

    private static async Task<string?> WhyNotConfirmedAsync(FlowContext flow)
    {
        try
        {
            return await flow.SignalAsync<bool>("confirmed", Patience) ? null : "The traveller has changed their mind.";
        }
        catch (TimeoutException exception)
        {
            return exception.Message;
        }
    }
}

/// <param name="Part">What to book.</param>
/// <param name="IsSoldOut">It cannot be had.</param>
public sealed record BookArgs(string Part, string To, bool IsSoldOut = false);

/// <summary>Books a part of a trip, as far as a sample can. The number follows from the job, so that booking again books the same.</summary>
[Job("book", Attempts = 3, Description = "Books a part of a trip.")]
public sealed class BookJob : IJob<BookArgs, string>
{
    public Task<string> RunAsync(BookArgs args, JobContext job, CancellationToken cancellation) =>
        args.IsSoldOut ? throw new GiveUpException($"No {args.Part} to {args.To} is left.") : Task.FromResult($"{args.Part}-{job.Id[^8..]}");
}

/// <param name="Number">Of the booking.</param>
public sealed record GiveBackArgs(string Number);

/// <summary>Gives a booking back. It has more attempts than others: what compensates must not give up early.</summary>
[Job("give-back", Attempts = 20, Description = "Gives a booking of a trip back.")]
public sealed class GiveBackJob : IJob<GiveBackArgs, bool>
{
    public Task<bool> RunAsync(GiveBackArgs args, JobContext job, CancellationToken cancellation)
    {
        job.Report(1, 1, $"{args.Number} is given back");
        return Task.FromResult(true);
    }
}
