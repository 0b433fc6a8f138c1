using System.Text;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tool;
using OrleansJobs.Tool.Top;
using Spectre.Console;

namespace OrleansJobs.Tests.Tool;

/// <summary>Runs the tool in this process against a real gateway whose answers a test may replace, as from a script: no terminal.</summary>
internal sealed class ToolRun
{
    public ToolRun() => Gateway = new(Time);

    public StubGateway Gateway { get; }
    public Dictionary<string, string> Environment { get; } = [];
    public string Input { get; set; } = "";

    /// <summary>In place of <see cref="Input"/>, where bytes are read.</summary>
    public Stream? InputBytes { get; set; }

    /// <summary>Not there, until something is kept.</summary>
    public string ConfigurationFolder { get; set; } = Path.Combine(Path.GetTempPath(), $"oj-tool-{Guid.NewGuid():N}");

    /// <summary>In place of what <see cref="Out"/> is read from.</summary>
    public TextWriter? Printed { get; set; }

    public bool IsErrorTerminal { get; set; }
    public ITerminal? Terminal { get; set; }

    /// <summary>Cancelled: Ctrl+C.</summary>
    public CancellationTokenSource Interrupt { get; } = new();
    public ManualTime Time { get; } = new();
    public string Out { get; private set; } = "";
    public string Error { get; private set; } = "";

    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async Task<int> RunAsync(params string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        var surroundings = new Surroundings(
            AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(output) }),
            Printed ?? output, error, new StringReader(Input), Environment.GetValueOrDefault, Gateway, Time)
        {
            OpenInput = () => InputBytes ?? new StillInput(Encoding.UTF8.GetBytes(Input), Time.StandStill()), ConfigurationFolder = ConfigurationFolder, IsErrorTerminal = IsErrorTerminal, Terminal = Terminal,
        };
        var code = await Time.RunAsync(new ToolApp(surroundings).RunAsync(arguments, Interrupt.Token));
        (Out, Error) = (output.ToString(), error.ToString());
        return code;
    }

    public static string Job(string id = "a", string state = "PROGRESS", long version = 1, string more = "") =>
        $$"""{"id":"{{id}}","type":"longtask","queue":"default","state":"{{state}}","current":{{version}},"total":10,"status":"step {{version}}","attempt":1,"version":{{version}}{{more}}}""";

    /// <summary>While it is read, no time passes: it is there, as a file is.</summary>
    private sealed class StillInput(byte[] bytes, IDisposable stillness) : MemoryStream(bytes)
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing) stillness.Dispose();
            base.Dispose(disposing);
        }
    }
}
