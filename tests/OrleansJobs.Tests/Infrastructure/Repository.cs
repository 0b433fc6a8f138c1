namespace OrleansJobs.Tests.Infrastructure;

/// <summary>The files of the working tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "OrleansJobs.sln")) ? folder
        : Path.GetDirectoryName(folder) is { } parent ? Find(parent)
        : throw new DirectoryNotFoundException($"No OrleansJobs.sln in or above {AppContext.BaseDirectory}.");
}
