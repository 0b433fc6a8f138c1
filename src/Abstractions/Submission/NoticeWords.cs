namespace OrleansJobs;

/// <summary>How what somebody is told of is named in JSON and in the configuration.</summary>
internal static class NoticeWords
{
    public static bool TryParse(string? word, out NoticeOn on)
    {
        on = word switch { "success" => NoticeOn.Success, "failure" => NoticeOn.Failure, "end" => NoticeOn.End, "progress" => NoticeOn.Progress, _ => NoticeOn.None };
        return on != NoticeOn.None;
    }

    public static IEnumerable<string> Of(NoticeOn on)
    {
        if ((on & NoticeOn.End) == NoticeOn.End) yield return "end";
        else if ((on & NoticeOn.Success) != 0) yield return "success";
        else if ((on & NoticeOn.Failure) != 0) yield return "failure";
        if ((on & NoticeOn.Progress) != 0) yield return "progress";
    }
}
