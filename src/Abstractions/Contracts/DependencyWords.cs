namespace OrleansJobs;

/// <summary>How a job must end that another follows, in the words on the wire.</summary>
internal static class DependencyWords
{
    private static readonly string[] Words = ["success", "end", "failure"];

    extension(DependencyOn on)
    {
        public string Word => Words[(int)on];
    }

    public static bool TryParse(string? word, out DependencyOn on)
    {
        var index = Array.IndexOf(Words, word);
        on = index < 0 ? default : (DependencyOn)index;
        return index >= 0;
    }
}
