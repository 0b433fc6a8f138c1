using System.Collections.Immutable;

namespace OrleansJobs.Membership;

/// <summary>When a refused connection is proof that a silo's process has ended, and who looks after whom.</summary>
internal static class Refusal
{
    /// <summary>How often silos greet each other, how long one waits for the answer, and how far apart two refusals are.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Where nobody else can be asked, this silo may be the one that is cut off: whatever rejects its connections makes all others look dead. Those live, and greet it. So
    /// nobody is declared dead before as long as this has gone by without a greeting from anybody.
    /// </summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    /// <summary>Silos that each looks after: those that come next in the ring of all.</summary>
    public const int Watched = 2;

    /// <summary>Refused now, and refused a moment later: a silo that is starting again on its address listens by then, or will say itself that the one before is gone.</summary>
    public static async Task<bool> IsCertainAsync(Func<Task<Knock>> knock, TimeProvider time)
    {
        if (await knock() is not Knock.Refused) return false;
        await Task.Delay(Beat, time);
        return await knock() is Knock.Refused;
    }

    /// <summary>The silos behind one in the ring of all, nearest first; itself not among them.</summary>
    public static IEnumerable<SiloAddress> Behind(SiloAddress silo, ImmutableArray<SiloAddress> silos)
    {
        var others = silos.Where(other => !other.Equals(silo)).Order().ToList();
        var next = others.FindIndex(other => other.CompareTo(silo) > 0);
        return next <= 0 ? others : others.Skip(next).Concat(others.Take(next));
    }

    /// <summary>
    /// Whether somebody else is refused by the silo too, which rules out that it is the connection from here that is at fault. Asked one after the other until one can
    /// tell; null: nobody can, and those who do not answer refuse connections as well, or there are none.
    /// </summary>
    /// <param name="others">All but the silo and whoever asks.</param>
    /// <param name="ask">Has one of them try the silo; null where it does not answer.</param>
    /// <param name="knock">Tries a connection to one that does not.</param>
    public static async Task<bool?> IsConfirmedAsync(IEnumerable<SiloAddress> others, Func<SiloAddress, Task<bool?>> ask, Func<SiloAddress, Task<Knock>> knock)
    {
        var isAlone = true;
        foreach (var other in others)
        {
            if (await ask(other) is { } said) return said;
            if (isAlone) isAlone = await knock(other) is Knock.Refused;
        }

        return isAlone ? null : false;
    }
}
