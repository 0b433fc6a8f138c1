using System.Globalization;
using OrleansJobs.Records;

namespace OrleansJobs.Logs;

/// <summary>
/// A row of lines. A job has <see cref="Slots"/> of them, written round and round: only the newest is written again, and which rows there may be is known without a look, so that forgetting
/// a job reads nothing.
/// </summary>
internal sealed class LogPage
{
    /// <summary>Never changes: rows of jobs that are kept stand in so many places.</summary>
    public const int Slots = 8;

    private const int PageField = 1, TokenField = 2, ToldField = 3, LineField = 4;
    private readonly List<byte[]> _lines = [];

    /// <param name="number">From 1; its place is what is left of it by <see cref="Slots"/>.</param>
    public LogPage(long number) => Number = number;

    public long Number { get; }

    /// <summary>The attempt that has said the last line.</summary>
    public long Token { get; set; }

    /// <summary>How many lines it had said by then, kept or not.</summary>
    public long Told { get; set; }

    /// <summary>The number of the last line among the job's.</summary>
    public long Last { get; private set; }
    public int Count => _lines.Count;
    public int Bytes { get; private set; }

    public static string KeyOf(string id, long page) => string.Create(CultureInfo.InvariantCulture, $"{id}/{page % Slots}");

    public static string[] KeysOf(string id) => [.. Enumerable.Range(0, Slots).Select(slot => KeyOf(id, slot))];

    /// <summary>No other line goes into it: the others together keep as many as are promised.</summary>
    public bool IsFull(LogOptions options) => Count >= Share(options.MaxLines) || Bytes >= Share(options.MaxBytes);

    public void Add(JobLogLine line)
    {
        var record = Encode(line);
        _lines.Add(record);
        Bytes += record.Length;
        Last = line.Number;
    }

    public byte[] Encode()
    {
        var writer = new RecordWriter(Bytes + 4 * Count + 48);
        writer.Number(PageField, Number);
        writer.Number(TokenField, Token);
        writer.Number(ToldField, Told);
        foreach (var line in _lines) writer.Bytes(LineField, line);
        return writer.ToArray();
    }

    public static LogPage Decode(ReadOnlySpan<byte> record)
    {
        var page = new LogPage(0);
        long number = 0, token = 0, told = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case PageField: number = reader.Number; break;
                case TokenField: token = reader.Number; break;
                case ToldField: told = reader.Number; break;
                case LineField: page.Keep(reader.Bytes); break;
            }
        }

        var whole = new LogPage(number) { Token = token, Told = told, Bytes = page.Bytes, Last = page._lines is [.., var last] ? DecodeLine(last).Number : 0 };
        whole._lines.AddRange(page._lines);
        return whole;
    }

    public IEnumerable<JobLogLine> Lines() => _lines.Select(static line => DecodeLine(line));

    /// <summary>The newest lines of pages in any order, as many as are kept, oldest first.</summary>
    public static List<JobLogLine> Newest(IEnumerable<LogPage> pages, LogOptions options)
    {
        var lines = new List<JobLogLine>();
        var bytes = 0;
        foreach (var page in pages.OrderByDescending(static page => page.Number))
        {
            for (var i = page._lines.Count - 1; i >= 0; i--)
            {
                bytes += page._lines[i].Length;
                if (lines.Count >= options.MaxLines || (bytes > options.MaxBytes && lines.Count > 0)) goto done;
                lines.Add(DecodeLine(page._lines[i]));
            }
        }

    done:
        lines.Reverse();
        return lines;
    }

    /// <summary>Of all but the page that is being written.</summary>
    private static int Share(int whole) => (whole + Slots - 2) / (Slots - 1);

    private void Keep(ReadOnlySpan<byte> line)
    {
        _lines.Add(line.ToArray());
        Bytes += line.Length;
    }

    private static byte[] Encode(JobLogLine line)
    {
        var writer = new RecordWriter(48 + line.Text.Length);
        writer.Number(1, line.Number);
        writer.Number(2, line.At.ToUnixTimeMilliseconds());
        writer.Number(3, (int)line.Level);
        writer.Number(4, line.Attempt);
        writer.Text(5, line.Text);
        writer.Text(6, line.ErrorType);
        writer.Text(7, line.ErrorMessage);
        return writer.ToArray();
    }

    private static JobLogLine DecodeLine(ReadOnlySpan<byte> record)
    {
        long number = 0, at = 0, level = 0, attempt = 0;
        var text = "";
        string? type = null, message = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: number = reader.Number; break;
                case 2: at = reader.Number; break;
                case 3: level = reader.Number; break;
                case 4: attempt = reader.Number; break;
                case 5: text = reader.Text; break;
                case 6: type = reader.Text; break;
                case 7: message = reader.Text; break;
            }
        }

        return new JobLogLine
        {
            Number = number, At = DateTimeOffset.FromUnixTimeMilliseconds(at), Level = (JobLogLevel)level, Attempt = (int)attempt, Text = text, ErrorType = type, ErrorMessage = message,
        };
    }
}
