using System.Globalization;

namespace OrleansJobs;

/// <summary>How long a caller waits for a grain's answer.</summary>
internal static class AnswerTimeouts
{
    /// <summary>
    /// For every call that is answered as soon as it can be. An answer that was under way when its connection went away never comes, although both silos
    /// live on; Orleans would wait for it for 30 s. Longer than the eight seconds for which a slow silo is left alone.
    /// </summary>
    public const string Short = "00:00:10";

    /// <summary><see cref="Short"/> for what Orleans' own parts ask each other, the grain directory above all.</summary>
    public static readonly TimeSpan System = TimeSpan.Parse(Short, CultureInfo.InvariantCulture);
}
