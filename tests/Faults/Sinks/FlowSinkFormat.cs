using System.Globalization;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Sinks;

/// <summary>Marks of flows among those of jobs: lines that begin with a tab.</summary>
internal static class FlowSinkFormat
{
    public const char First = '\t';

    public static string Write(FlowMark mark) => string.Create(
        CultureInfo.InvariantCulture, $"{First}{mark.Kind}\t{mark.Flow}\t{mark.Name}\t{mark.Index}\t{mark.Job}\t{mark.Token}\t{mark.Value}\t{mark.At}\t{mark.Silo}\n");

    /// <inheritdoc cref="SinkFormat.ReadDirectory"/>
    public static List<FlowMark> ReadDirectory(string directory) =>
        [.. SinkFormat.ReadLines(directory).Where(line => line[0] == First).Select(Parse)];

    private static FlowMark Parse(string line)
    {
        var parts = line.Split('\t');
        return new FlowMark(
            Enum.Parse<FlowMarkKind>(parts[1]), parts[2], parts[3], int.Parse(parts[4], CultureInfo.InvariantCulture), parts[5],
            long.Parse(parts[6], CultureInfo.InvariantCulture), parts[7], long.Parse(parts[8], CultureInfo.InvariantCulture), parts[9]);
    }
}
