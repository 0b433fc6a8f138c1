using System.Text;
using OrleansJobs.Flows;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;

namespace OrleansJobs.Schedules;

/// <summary>Occurrences that live where their key does, while their schedule is in another partition: what the two tell each other.</summary>
internal sealed class OccurrenceDesk(IPartitionShell shell) : ILetterReader
{
    private ScheduleOccurrences Occurrences => shell.Core.Schedules.Occurrences;

    public async ValueTask<Action> PrepareAsync(Letter letter, List<string> pins)
    {
        switch (letter.Kind)
        {
            case LetterKind.StartOccurrence:
                var submission = ChildRecord.Decode(letter.Body, out var scheduled);
                await BringAsync(submission.Id, pins);
                // One of this id that is being forgotten makes room first.
                if (shell.Core.Jobs.Find(submission.Id) is { Place: JobPlace.Gone } gone) await shell.Commits.Settled(gone);
                return () => Occurrences.StartHere(submission, scheduled!, shell.Now);
            case LetterKind.CancelOccurrence:
                var id = Encoding.UTF8.GetString(letter.Body);
                await BringAsync(id, pins);
                return () =>
                {
                    if (shell.Core.Jobs.Find(id) is { Place: JobPlace.Waiting or JobPlace.Leased, Spec: not null } job && Occurrences.CancelHere(job, shell.Now)) shell.TellCancelled(job);
                };
            default:
                // A schedule with an occurrence that has not ended is in memory; of another nothing is to be changed.
                var end = OccurrenceEnd.Decode(letter.Body);
                return () => Occurrences.Take(end, shell.Now);
        }
    }

    private async Task BringAsync(string id, List<string> pins)
    {
        shell.Core.Jobs.Pin(id);
        pins.Add(id);
        await shell.BringAsync(id);
    }
}
