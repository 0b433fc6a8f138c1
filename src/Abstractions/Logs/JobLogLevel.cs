namespace OrleansJobs;

/// <summary>How much a line of a job's log weighs. The numbers are those of .NET's log levels.</summary>
[GenerateSerializer, Alias("oj.logLevel")]
public enum JobLogLevel : byte
{
    Trace = 0,
    Debug = 1,
    Information = 2,
    Warning = 3,
    Error = 4,
    Critical = 5,
}

/// <summary>The words by which HTTP and workers know the levels.</summary>
public static class JobLogLevels
{
    /// <summary>All of them, the lightest first.</summary>
    public static readonly string[] Words = ["trace", "debug", "information", "warning", "error", "critical"];

    extension(JobLogLevel level)
    {
        /// <summary>A level above all of them, which a number may be made into, counts as the heaviest.</summary>
        public string Word => Words[Math.Min((int)level, Words.Length - 1)];
    }

    public static bool TryParse(string? word, out JobLogLevel level)
    {
        var index = Array.IndexOf(Words, word);
        level = index < 0 ? JobLogLevel.Information : (JobLogLevel)index;
        return index >= 0;
    }
}
