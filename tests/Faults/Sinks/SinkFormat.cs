using System.Globalization;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Sinks;

/// <summary>One line a mark, tab separated.</summary>
internal static class SinkFormat
{
    public static string Write(RunMark mark) =>
        string.Create(CultureInfo.InvariantCulture, $"{mark.Id}\t{mark.Attempt}\t{mark.Token}\t{mark.Kind}\t{mark.At}\t{mark.Silo}\n");

    /// <summary>All marks of jobs of all files of a directory.</summary>
    /// <inheritdoc cref="ReadLines"/>
    public static List<RunMark> ReadDirectory(string directory) => [.. ReadLines(directory).Where(line => line[0] != FlowSinkFormat.First).Select(Parse)];

    /// <remarks>
    /// A last line without its end was cut off by a kill before anybody was told that it is
    /// written: it is left out.
    /// </remarks>
    public static List<string> ReadLines(string directory)
    {
        var lines = new List<string>();
        foreach (var path in Directory.EnumerateFiles(directory, "*.sink"))
        {
            using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var text = file.ReadToEnd();
            var whole = text.LastIndexOf('\n') + 1;
            lines.AddRange(text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        return lines;
    }

    private static RunMark Parse(string line)
    {
        var parts = line.Split('\t');
        return new RunMark(
            parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture),
            Enum.Parse<RunMarkKind>(parts[3]), long.Parse(parts[4], CultureInfo.InvariantCulture), parts[5]);
    }
}
