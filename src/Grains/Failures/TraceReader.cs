using System.Diagnostics;
using System.Reflection;
using System.Text;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Failures;

/// <summary>Where exceptions were thrown: a trace that is cut so that the handler's own frames come first, and a place by which failures of one cause are found together. Never throws.</summary>
internal static class TraceReader
{
    /// <summary>Causes of causes that are told.</summary>
    private const int MaxCauses = 4;

    /// <summary>Frames of one exception that are looked at.</summary>
    private const int MaxFrames = 200;

    private static readonly string[] Libraries = ["System", "Microsoft", "Orleans", "mscorlib", "netstandard"];

    /// <param name="maxLength">Characters of the trace; 0: none is wanted.</param>
    public static JobTrace? Of(Exception exception, string? release, int maxLength)
    {
        if (maxLength == 0) return null;
        try
        {
            var text = new StringBuilder();
            var place = default(string);
            for (var (cause, depth) = (exception, 0); cause is not null && depth < MaxCauses; (cause, depth) = (cause.InnerException, depth + 1))
            {
                var frames = FramesOf(cause);
                place ??= PlaceText.Of(ExceptionText.TypeOf(exception), OwnOrFirst(frames));
                if (depth > 0) text.Append("caused by ").Append(ExceptionText.TypeOf(cause)).Append(": ").Append(ExceptionText.MessageOf(cause, 256)).Append('\n');
                foreach (var frame in frames.Where(static frame => frame.IsOwn)) text.Append("  at ").Append(frame.Text).Append('\n');
                if (frames.Exists(static frame => frame.IsOwn) && frames.Exists(static frame => !frame.IsOwn)) text.Append("  in libraries:\n");
                foreach (var frame in frames.Where(static frame => !frame.IsOwn)) text.Append("  at ").Append(frame.Text).Append('\n');
                if (text.Length > maxLength) break;
            }

            return new JobTrace(text.Length == 0 ? null : ExceptionText.Clip(text.ToString().TrimEnd('\n'), maxLength), place ?? ExceptionText.TypeOf(exception), release);
        }
        catch (Exception)
        {
            return new JobTrace(null, ExceptionText.TypeOf(exception), release);
        }
    }

    /// <summary>The handler's frames, the innermost first; where it has none, the one that threw.</summary>
    private static IEnumerable<string> OwnOrFirst(List<Frame> frames)
    {
        var own = frames.FindAll(static frame => frame.IsOwn);
        return own.Count > 0 ? own.Select(static frame => frame.Name) : frames.Take(1).Select(static frame => frame.Name);
    }

    private static List<Frame> FramesOf(Exception exception)
    {
        var frames = new List<Frame>();
        foreach (var frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames().Take(MaxFrames))
        {
            if (DiagnosticMethodInfo.Create(frame) is not { } method) continue;
            var type = method.DeclaringTypeName ?? "";
            var name = PlaceText.NameOf(type, method.Name);
            // What the compiler puts between a method and who awaits it says nothing.
            if (type.StartsWith("System.Runtime.CompilerServices.", StringComparison.Ordinal) || type.StartsWith("System.Runtime.ExceptionServices.", StringComparison.Ordinal)) continue;
            if (frames is [.., var last] && last.Name == name) continue;
            var file = Path.GetFileName(frame.GetFileName());
            frames.Add(new(name, string.IsNullOrEmpty(file) ? name : $"{name} ({file}:{frame.GetFileLineNumber()})", IsOwn(method.DeclaringAssemblyName)));
        }

        return frames;
    }

    /// <summary>Whether code is the application's, and neither .NET's, Orleans' nor the grid's.</summary>
    private static bool IsOwn(string? assembly)
    {
        if (string.IsNullOrEmpty(assembly)) return false;
        var name = new AssemblyName(assembly).Name ?? "";
        if (name == typeof(JobGridBuilder).Assembly.GetName().Name || name == typeof(JobContext).Assembly.GetName().Name) return false;
        return !Array.Exists(Libraries, library => name == library || name.StartsWith(library + ".", StringComparison.Ordinal));
    }

    private readonly record struct Frame(string Name, string Text, bool IsOwn);
}
