using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Bulk;

/// <summary>Says what came of lines, in their order: ids on the standard output, what was wrong and how far it is on the other.</summary>
internal sealed class BulkReport(Session session, bool isQuiet)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly StringBuilder _out = new();
    private readonly long _began = session.Surroundings.Time.GetTimestamp();
    // What is written over and over must not be among what is printed.
    private readonly bool _isLive = session.Surroundings.IsErrorTerminal && (isQuiet || !session.Surroundings.IsOutTerminal);
    private long? _toldAt;

    public long Accepted { get; private set; }

    public long Refused { get; private set; }

    /// <summary>Lines of which nobody knows what came of them.</summary>
    public long Unknown { get; private set; }

    /// <summary>The first failure's.</summary>
    public int ExitCode { get; private set; }

    /// <summary>What comes next would fare no better.</summary>
    public bool IsUnavailable { get; private set; }

    public void Tell(Entry entry, JsonElement? answer)
    {
        if (entry.Mistake is { } mistake) Wrong(entry.Line, ExitCodes.Refused, $"Line {entry.Line}: {mistake}", Json(entry.Line, JsonSerializer.SerializeToElement(
            new { status = 400, problem = new { title = "The line is no submit.", status = 400, detail = mistake } })));
        else if (answer is not { } item) Forget(entry.Line);
        else if (item.Member("job") is { } job) Accept(entry.Line, item, job);
        else Refuse(entry.Line, item);
    }

    /// <summary>What was told goes out.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public void Flush()
    {
        if (_out.Length > 0)
        {
            Erase();
            var text = _out.ToString();
            // What cannot be written now is not tried again with the last word.
            _out.Clear();
            session.Surroundings.PlainOut.Write(text);
            session.Surroundings.PlainOut.Flush();
        }

        var time = session.Surroundings.Time;
        if (!_isLive || (_toldAt is { } at && time.GetElapsedTime(at) < Pace)) return;
        _toldAt = time.GetTimestamp();
        session.Surroundings.Error.Write($"\r{Counts()}, {Words.Of(PerSecond())} a second\u001b[K");
    }

    /// <summary>The last word. Where all went well nobody has to be told so, but somebody who looks on.</summary>
    public void End(string? why)
    {
        Flush();
        Erase();
        if (why is not null || ExitCode != ExitCodes.Done) session.Surroundings.Error.WriteLine($"{Counts()}.{(why is null ? "" : " " + why)}");
        else if (session.Surroundings.IsErrorTerminal) session.Surroundings.Error.WriteLine($"{Counts()} in {Words.Of(session.Surroundings.Time.GetElapsedTime(_began))}, {Words.Of(PerSecond())} a second.");
    }

    private void Accept(long line, JsonElement item, JsonElement job)
    {
        Accepted++;
        if (isQuiet) return;
        if (session.Printer.AsJson) _out.Append(Json(line, item)).Append('\n');
        else _out.Append(Plain.Line(job.Text("id"))).Append('\n');
    }

    private void Refuse(long line, JsonElement item)
    {
        var status = (int)(item.Number("status") ?? 0);
        IsUnavailable |= BatchSender.IsTransient(item);
        Wrong(line, GatewayException.ExitCodeOf(status), $"Line {line}: {GatewayException.Describe(status, null, item.Member("problem"))}", Json(line, item));
    }

    private void Forget(long line)
    {
        Unknown++;
        IsUnavailable = true;
        Fail(ExitCodes.Unavailable);
        if (session.Printer.AsJson) _out.Append(CultureInfo.InvariantCulture, $"{{\"line\":{line}}}\n");
    }

    private void Wrong(long line, int code, string text, string json)
    {
        Refused++;
        Fail(code);
        if (session.Printer.AsJson)
        {
            _out.Append(json).Append('\n');
            return;
        }

        // What was accepted before it is told before it.
        Flush();
        Erase();
        session.Surroundings.Error.WriteLine(Plain.Lines(text));
    }

    private void Fail(int code)
    {
        if (ExitCode == ExitCodes.Done) ExitCode = code;
    }

    private void Erase()
    {
        if (_toldAt is null) return;
        session.Surroundings.Error.Write("\r\u001b[K");
        _toldAt = null;
    }

    private string Counts() =>
        $"{Words.Of(Accepted)} accepted{(Refused > 0 ? $", {Words.Of(Refused)} refused" : "")}{(Unknown > 0 ? $", {Words.Of(Unknown)} unknown: the answer was lost" : "")}";

    private double PerSecond() => Accepted / Math.Max(0.001, session.Surroundings.Time.GetElapsedTime(_began).TotalSeconds);

    /// <summary>The answer to a line as the gateway gave it, with the line's number before it.</summary>
    private static string Json(long line, JsonElement item)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("line"u8, line);
            foreach (var member in item.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
