namespace OrleansJobs;

/// <summary>How ends are named in JSON and in the configuration.</summary>
internal static class NoticeWords
{
    public static bool TryParse(string? word, out NoticeOn on)
    {
        on = word switch { "success" => NoticeOn.Success, "failure" => NoticeOn.Failure, "end" => NoticeOn.End, _ => NoticeOn.None };
        return on != NoticeOn.None;
    }
}
