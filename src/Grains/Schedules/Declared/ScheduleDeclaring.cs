using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Schedules;

/// <summary>
/// Makes a partition's schedules of one application what its code says: those that differ are changed, those that it does not name any more are removed.
/// Each is a change of its own; who declares comes again until all is so. A silo that declares none is one of an application's that others declare for, and
/// changes nothing.
/// </summary>
internal sealed class ScheduleDeclaring(IPartitionShell shell, ScheduleCalls calls)
{
    private const int DroppedPerRead = 256;

    private ReleaseBook Releases => shell.Core.Schedules.Releases;

    /// <param name="declaration">Of this partition's ids.</param>
    public async Task<DeclarationAnswer> DeclareAsync(ScheduleDeclaration declaration)
    {
        var (application, release) = (declaration.Application, declaration.Release);
        if (!declaration.HasAny) return new(0, 0, null, []) { Kept = await CountAsync(application) };
        if (!Releases.Holds(application, release)) return Superseded();
        Releases.Raise(application, release);
        var answers = await Task.WhenAll(declaration.Schedules.Select(one => calls.DeclareAsync(one, application, release)));
        var refused = declaration.Schedules.Zip(answers).Where(pair => pair.Second.Outcome is not (ScheduleOutcome.Done or ScheduleOutcome.Created)).ToList();
        if (!Releases.Holds(application, release)) return Superseded();
        if (refused.Exists(pair => pair.Second.Outcome == ScheduleOutcome.Unavailable)) throw new TimeoutException("The store does not answer.");
        var named = declaration.Schedules.Select(one => one.Id).ToHashSet(StringComparer.Ordinal);
        var removed = await RemoveAsync(application, release, named);
        shell.Pump();
        await shell.CommittedInTimeAsync();
        return new(answers.Count(answer => answer.IsChange), removed, null, [.. refused.Select(pair => $"'{pair.First.Id}': {Why(pair.Second)}")])
        {
            // There may be room later, and what another application declares it may drop.
            IsToBeRepeated = refused.Exists(pair => pair.Second.Outcome is ScheduleOutcome.Full or ScheduleOutcome.Declared),
        };

        DeclarationAnswer Superseded() => new(0, 0, Releases.Of(application), []);
    }

    /// <summary>How many the application has here, up to a page.</summary>
    private async Task<int> CountAsync(string application) => Releases.Of(application) is null
        ? 0
        : (await shell.Store.ReadSetAsync(shell.Partition, GridLayout.Schedules.Lists[ScheduleTables.ListOf(application)], new(long.MinValue, long.MaxValue, DroppedPerRead))).Length;

    private async Task<int> RemoveAsync(string application, string release, HashSet<string> named)
    {
        var removed = 0;
        var after = "";
        while (true)
        {
            // What was declared a moment ago need not stand in the list yet, which does no harm: it is named.
            var page = await shell.Store.ReadPageAsync(
                shell.Partition, GridLayout.Schedules.Lists[ScheduleTables.ListOf(application)], new SetPlace(0, after), DroppedPerRead, new RowRead(GridLayout.Schedules.Records));
            foreach (var line in page.Where(line => !named.Contains(line.Member)))
            {
                switch ((await calls.UndeclareAsync(line.Member, application, release)).Outcome)
                {
                    case ScheduleOutcome.Done: removed++; break;
                    // Whoever declares comes again; taken for done, it would stay for good.
                    case ScheduleOutcome.Unavailable: throw new TimeoutException($"The schedule '{line.Member}' could not be removed yet.");
                }
            }

            if (page.Length < DroppedPerRead) return removed;
            after = page[^1].Member;
        }
    }

    private static string Why(ScheduleAnswer answer) => answer.Outcome switch
    {
        ScheduleOutcome.Declared => $"the code of '{answer.Schedule?.Application}' declares it",
        ScheduleOutcome.Rejected => string.Join(" ", answer.Problems.Select(problem => $"{problem.Pointer}: {problem.Detail}")),
        _ => answer.Reason ?? answer.Outcome.ToString(),
    };
}
