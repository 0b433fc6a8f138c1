using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Logs;

/// <summary>What is kept of what handlers log. Section <c>JobGrid:Logs</c>; the same on all silos.</summary>
public sealed class LogOptions
{
    /// <summary>Lines that are kept of a job, the newest; 0: none of any job.</summary>
    /// <value>Default 200; 0 to 2,000.</value>
    [Range(0, JobLogLimits.MaxLines)] public int MaxLines { get; set; } = 200;

    /// <summary>Bytes of lines that are kept of a job, the newest.</summary>
    /// <value>Default 64 KiB; 4 KiB to 1 MiB.</value>
    [Range(4096, JobLogLimits.MaxBytes)] public int MaxBytes { get; set; } = 64 << 10;

    /// <summary>Characters of a line; longer ones are clipped.</summary>
    /// <value>Default 2,048; 64 to 16,384.</value>
    [Range(64, JobLogLimits.MaxLineLength)] public int MaxLineLength { get; set; } = 2048;

    /// <summary>What a handler logs by <c>ILogger</c> is kept from this level on. <see cref="JobContext.Log(JobLogLevel, string, Exception)"/> keeps all.</summary>
    /// <value>Default <see cref="JobLogLevel.Information"/>.</value>
    [EnumDataType(typeof(JobLogLevel))] public JobLogLevel MinimumLevel { get; set; } = JobLogLevel.Information;

    /// <summary>What is logged with <c>ILogger</c> in a handler is kept.</summary>
    /// <value>Default true. Without it only what is said by <see cref="JobContext.Log(JobLogLevel, string, Exception)"/> is.</value>
    public bool CaptureLoggers { get; set; } = true;

    /// <summary>How often at most a silo hands the lines of running jobs to a partition, which stores them: one call, whatever number of jobs have logged.</summary>
    /// <value>Default 1 s; more than zero.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);
}
