using System.Security.Cryptography;
using System.Text;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Topics;

/// <summary>The jobs of an event. Pure.</summary>
internal static class TopicJobs
{
    public const string EventTag = "event";

    /// <summary>One for each binding; their ids follow from the event's, and are of its partition.</summary>
    /// <param name="known">Up to which one bindings were known.</param>
    public static JobSubmission[] Of(TopicEvent told, IReadOnlyList<TopicBinding> bindings, long known, int partition, int partitions)
    {
        var fingerprint = told.IsFresh ? null : told.Fingerprint();
        var jobs = new JobSubmission[bindings.Count];
        for (var i = 0; i < jobs.Length; i++)
        {
            var binding = bindings[i];
            jobs[i] = new()
            {
                Id = IdOf(told, binding.Id, partition, partitions), Type = binding.Type, Queue = binding.Queue ?? JobLimits.DefaultQueue, Args = TopicArgs.Of(binding, told),
                Tags = [new(EventTag, told.EventId)], TraceParent = told.TraceParent, Owner = told.Owner, Fingerprint = fingerprint,
                BindingsKnown = told.IsFresh ? null : known,
            };
        }

        return jobs;
    }

    public static string IdOf(TopicEvent told, string binding, int partition, int partitions)
    {
        var about = Sabotage.IsOff(Safeguard.EventIds) ? Guid.NewGuid().ToString() : $"{told.Id}\n{binding}";
        return JobIds.EndedIn($"{JobIds.DerivedPrefix}on-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(about)).AsSpan(0, 12))}-", partition, partitions);
    }
}
