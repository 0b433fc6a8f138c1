namespace OrleansJobs;

/// <summary>Whom to call when a job ends, or while it goes on.</summary>
/// <param name="Url">An http or https address of a host that the grid is configured to call.</param>
/// <param name="On">Of what.</param>
[GenerateSerializer, Immutable, Alias("oj.notice")]
public readonly record struct JobNotice([property: Id(0)] string Url, [property: Id(1)] NoticeOn On = NoticeOn.End)
{
    /// <summary>What is wrong with it; null where nothing is.</summary>
    internal SubmissionProblem? Check(string pointer) =>
        Url is null or { Length: 0 or > JobLimits.MaxNoticeUrl } || !Uri.TryCreate(Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0
            ? new($"{pointer}/url", $"It must be an http or https URL of at most {JobLimits.MaxNoticeUrl} characters, without user and password.")
        : On is 0 or > (NoticeOn.End | NoticeOn.Progress) ? new($"{pointer}/on", "It must be success, failure, end or progress.")
        : null;
}

/// <summary>What somebody is told of a job.</summary>
[Flags, GenerateSerializer, Alias("oj.noticeOn")]
public enum NoticeOn : byte
{
    /// <summary>None.</summary>
    None = 0,
    Success = 1,

    /// <summary>In failure, or cancelled.</summary>
    Failure = 2,

    /// <summary>However it ends.</summary>
    End = Success | Failure,

    /// <summary>How far it is, while it runs: the newest that it has reported, at a pace.</summary>
    Progress = 4,
}
