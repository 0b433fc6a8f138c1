namespace OrleansJobs.Bench.Contenders;

/// <summary>Where the peers' programs are: beside the sources, not copied to the output.</summary>
internal static class PeerFiles
{
    /// <exception cref="DirectoryNotFoundException">Neither above the working directory nor above this program.</exception>
    public static string Folder(string peer)
    {
        foreach (var start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
            {
                var folder = Path.Combine(directory.FullName, "bench", "peers", peer);
                if (Directory.Exists(folder)) return folder;
            }
        }

        throw new DirectoryNotFoundException($"bench/peers/{peer} is neither above {Environment.CurrentDirectory} nor above {AppContext.BaseDirectory}: run it inside the clone.");
    }
}
