using System.Diagnostics;

namespace OrleansJobs.Bench.Processes;

/// <summary>How this program starts itself.</summary>
internal static class OwnProgram
{
    public static ProcessStartInfo Command()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        // Started as `dotnet some.dll`, as tests do, the process path is dotnet's.
        if (Path.GetFileNameWithoutExtension(start.FileName) is "dotnet" or "testhost")
        {
            start.FileName = "dotnet";
            start.ArgumentList.Add(typeof(OwnProgram).Assembly.Location);
        }

        return start;
    }
}
